"""The verb, with a Tagger of known answers in place of a trained one."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from pipelines import evaluate as verb
from shelftag.artifacts import Dataset, DatasetManifest, Run, RunManifest, locked
from shelftag.catalog.departments import Departments
from shelftag.config import load_config
from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ArtifactError, Failed, InputError
from shelftag.evaluation.outcome import Evaluation
from shelftag.evaluation.rows import read_rows
from shelftag.model.linear import fit_linear
from shelftag.tagging.calibration import Calibration, save_calibration
from shelftag.tagging.scaling import probabilities
from shelftag.tagging.tagger import Ranking
from shelftag.training.examples import read_examples
from tests.evaluation.made import LABELS, manifest, sure_of

CONFIG = load_config(overrides=["evaluation.untuned_rows=0", "evaluation.speed=false"])
DRAWINGS = (
    *("models", "accuracy", "slices", "departments", "confusion"),
    *("reliability_before", "reliability_after", "risk_coverage"),
)
WORDS = {"bakery": "bread loaf", "dairy": "milk cream", "pets": "cat treats", "missing": "thing"}


class KnownTagger:
    """Right about every name but those with "odd" in them."""

    departments = Departments(LABELS)
    threshold = 0.5
    calibration = Calibration(
        departments=departments.fingerprint,
        threshold=0.5,
        target_precision=0.9,
        candidates_level=0.9,
        candidates_bound=0.1,
        fitted_on={"rows": 30},
    )

    @classmethod
    def load(cls, run: Run, tagging: TaggingConfig, threads: int) -> "KnownTagger":  # noqa: ARG003
        return cls()

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return probabilities(self.logits(texts), self.calibration)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.log(sure_of(np.array([self._choose(text) for text in texts], np.int64)))

    def rank(self, texts: Sequence[str], top_k: int | None = None) -> Ranking:
        return self.ranked(self.probabilities(texts), top_k)

    def ranked(self, likely: NDArray[np.float32], top_k: int | None = None) -> Ranking:
        order = np.argsort(-likely, axis=1, kind="stable")[:, :top_k]
        confidence = np.take_along_axis(likely, order, axis=1)
        return Ranking(order, confidence, confidence[:, 0] < self.threshold, order[:, :1])

    def _choose(self, text: str) -> int:
        known = next((i for i, name in enumerate(LABELS) if WORDS[name] in text), 0)
        return (known + 1) % 3 if "odd" in text else known


@pytest.fixture
def known_tagger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb, "Tagger", KnownTagger)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """40 products a department: train, test, and one odd one in ten."""
    rows = [
        {
            "id": 100 * place + row,
            "name": f"{'Odd' if row % 10 == 9 else 'Fine'} {words.title()} No{row:02d}",
            "department": department,
            "aisle": "any",
            "purchases": row,
            "split": _split(department, row),
        }
        for place, (department, words) in enumerate(WORDS.items())
        for row in range(40)
    ]
    made = Dataset(tmp_path / "dataset")
    made.begin()
    pq.write_table(pa.Table.from_pylist(rows), made.products_file)
    made.publish(_dataset_manifest())
    return made


def _manifest() -> RunManifest:
    scores = {"valid_accuracy": 0.9, "valid_rows": 30, "valid_coverage": 0.5}
    return manifest().model_copy(update={"training": scores | {"valid_calibration_error": 0.01}})


@pytest.fixture
def run(tmp_path: Path, dataset: Dataset) -> Run:
    made = Run(tmp_path / "run")
    made.begin()
    examples = read_examples(dataset, Departments(LABELS), "train", count_alpha=0.0)
    fit_linear(examples.texts, examples.labels, len(LABELS), seed=0).save(made.linear_dir)
    made.adapter_dir.mkdir()
    save_calibration(KnownTagger.calibration, made.calibration_file)
    made.publish(_manifest())
    return made


def _split(department: str, row: int) -> str:
    return "unlabelled" if department == "missing" else ("train", "train", "test", "valid")[row % 4]


def _dataset_manifest(fingerprint: str = "d" * 32) -> DatasetManifest:
    return DatasetManifest(
        shelftag="0",
        fingerprint=fingerprint,
        config={},
        departments=LABELS,
        split_protocol="token_set",
        splits={},
        tables={},
        order_lines={},
        reject_reasons={},
        inputs={},
        parts=(),
    )


def _files(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.usefixtures("known_tagger")
def test_writes_scores_report_and_figures_under_evaluation_only(
    run: Run, dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(run.path) | _files(dataset.path)
    verb.main(run=run.path, dataset=dataset.path, config=CONFIG)
    after = _files(run.path) | _files(dataset.path)
    assert before.items() <= after.items()
    assert {str(file.relative_to(run.evaluation_dir)) for file in after.keys() - before} == {
        "scores.json",
        "report.html",
        "README.md",
        *(f"figures/{one}.svg" for one in DRAWINGS),
        "predictions.parquet",
        "label_next.csv",
        "recovered.csv",
        "suspects.csv",
    }
    shown = capsys.readouterr()
    assert "this Run" in shown.out
    assert "macro-F1" in shown.out
    assert "3 departments trained (without missing)" in shown.out
    assert "scoring test" in shown.err
    assert "scoring" not in shown.out


@pytest.mark.usefixtures("known_tagger")
def test_scores_are_of_the_right_rows(run: Run, dataset: Dataset) -> None:
    evaluation = verb.evaluate(run, dataset, CONFIG)
    assert evaluation.rows_scored == {"train": 60, "test": 30}
    assert evaluation.unlabelled == ("missing",)
    # rows 9, 19, 29, 39 are odd: of those, 9 and 29 are in train, 19 and 39 in valid
    assert evaluation.model.test.accuracy == 1
    assert evaluation.model.train.accuracy == pytest.approx(54 / 60)
    bought = sum(row for row in range(40) if row % 4 in (0, 1))
    expected = 1 - (9 + 29) / bought
    assert evaluation.model.train.purchase_accuracy == pytest.approx(expected)
    assert evaluation.linear.test.accuracy == 1
    assert evaluation.trust is not None
    assert (evaluation.trust.certified.rows, evaluation.trust.certified.precision.value) == (30, 1)
    assert evaluation.trust.nominal is None
    assert evaluation.trust.candidates is not None
    assert evaluation.trust.candidates.mean_size == pytest.approx(3)


@pytest.mark.usefixtures("known_tagger")
def test_same_inputs_same_files(run: Run, dataset: Dataset) -> None:
    verb.main(run=run.path, dataset=dataset.path, config=CONFIG)
    first = _files(run.evaluation_dir)
    verb.main(run=run.path, dataset=dataset.path, config=CONFIG)
    assert _files(run.evaluation_dir) == first
    scores = json.loads((run.evaluation_dir / "scores.json").read_bytes())
    assert scores["labels_count"] == 3
    assert Evaluation.model_validate(scores).run == run.manifest().fingerprint


def test_another_dataset_is_refused_before_anything(run: Run, dataset: Dataset) -> None:
    other = _dataset_manifest(fingerprint="e" * 32)
    dataset.publish(other)
    with pytest.raises(ArtifactError, match="learned from Dataset dddddddddddd"):
        verb.main(run=run.path, dataset=dataset.path, config=CONFIG)
    assert not run.evaluation_dir.exists()


@pytest.mark.usefixtures("known_tagger")
def test_another_dataset_is_scored_where_it_is_meant(
    run: Run, dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset.publish(_dataset_manifest(fingerprint="e" * 32))
    verb.main(run=run.path, dataset=dataset.path, other_dataset=True, config=CONFIG)
    assert {file.name for file in run.evaluation_dir.iterdir()} == {"other-eeeeeeee"}
    scores = (run.evaluation_dir / "other-eeeeeeee" / "scores.json").read_bytes()
    found = Evaluation.model_validate_json(scores)
    assert (found.dataset, found.run) == ("e" * 32, run.manifest().fingerprint)
    assert found.verdict.endswith(
        "did not learn from this Dataset, and may have seen these products."
    )
    assert "may have seen these products" in capsys.readouterr().out


@pytest.mark.usefixtures("known_tagger")
def test_scores_of_nan_are_said(
    run: Run, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: KnownTagger, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), 3), np.nan, np.float32)

    monkeypatch.setattr(KnownTagger, "logits", broken)
    with pytest.raises(Failed, match="60 of 60 train products have scores of NaN"):
        verb.main(run=run.path, dataset=dataset.path, config=CONFIG)
    assert list(run.evaluation_dir.iterdir()) == []


@pytest.mark.usefixtures("known_tagger")
def test_the_model_card_has_the_scores(run: Run, dataset: Dataset) -> None:
    verb.main(run=run.path, dataset=dataset.path, config=CONFIG)
    card = (run.evaluation_dir / "README.md").read_text()
    assert "## Scores on the test split" in card
    assert "| this Run | 1.000 (1.000 to 1.000) | 1.000 | 1.000 |" in card


def test_other_departments_are_refused(run: Run, dataset: Dataset) -> None:
    dataset.publish(_dataset_manifest().model_copy(update={"departments": ("dairy", "pets")}))
    with pytest.raises(ArtifactError, match="other departments"):
        verb.evaluate(run, dataset, CONFIG)


@pytest.mark.usefixtures("known_tagger")
def test_split_without_rows_is_refused(run: Run, dataset: Dataset) -> None:
    table = pq.read_table(dataset.products_file)
    pq.write_table(table.filter(pa.compute.field("split") != "test"), dataset.products_file)
    with pytest.raises(InputError, match=r"test split of .* has 0 rows"):
        verb.evaluate(run, dataset, CONFIG)


def test_sample_is_seeded_and_in_catalog_order(dataset: Dataset) -> None:
    rows = read_rows(dataset, "train", seed=0, at_most=20)
    again = read_rows(dataset, "train", seed=0, at_most=20)
    other = read_rows(dataset, "train", seed=1, at_most=20)
    ids = rows.table["id"].to_pylist()
    assert (rows.scope.rows, rows.scope.of) == (20, 60)
    assert ids == sorted(ids)
    assert again.table.equals(rows.table)
    assert not other.table.equals(rows.table)


@pytest.mark.usefixtures("known_tagger")
def test_a_run_is_evaluated_by_one_at_a_time(run: Run, dataset: Dataset) -> None:
    with (
        locked(run.evaluation_dir / ".lock", "evaluated"),
        pytest.raises(ArtifactError, match="is being evaluated by another process"),
    ):
        verb.main(run=run.path, dataset=dataset.path, config=CONFIG)
    verb.main(run=run.path, dataset=dataset.path, config=CONFIG)


@pytest.mark.usefixtures("known_tagger")
def test_drawings_of_an_earlier_evaluation_are_gone(run: Run, dataset: Dataset) -> None:
    stale = run.evaluation_dir / "figures" / "learning-curve.svg"
    stale.parent.mkdir(parents=True)
    stale.write_text("<svg/>")
    verb.main(run=run.path, dataset=dataset.path, config=CONFIG)
    assert not stale.exists()
