"""`train` on Ray: what it leaves, what it refuses, and what a refusal must not cost."""

import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pipelines.train import train
from shelftag.artifacts import MARKER, Dataset, Run, read_json, remove
from shelftag.config import Config
from shelftag.errors import ArtifactError, ConfigError, TrainingFailed
from tests import tiny

pytestmark = pytest.mark.usefixtures("ray_here")

CONFIG = tiny.config("train.max_steps=30")


@pytest.fixture(scope="module")
def trained(
    ray_here: None,  # noqa: ARG001
    tiny_dataset: Dataset,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    run = Run(tmp_path_factory.mktemp("trained") / "run")
    train(tiny_dataset, run, CONFIG)
    return run


@pytest.fixture
def copy(trained: Run, tmp_path: Path) -> Run:
    return Run(copytree(trained.path, tmp_path / "run"))


def cut(run: Run) -> Run:
    """As a driver that died before the last line left it."""
    remove(run.manifest_file)
    (run.path / MARKER).write_text(run.kind)
    return run


def test_a_run_holds_what_it_should(trained: Run) -> None:
    assert trained.manifest().training["steps"] == 30
    names = {path.name for path in trained.path.iterdir()}
    assert names == {
        *("adapter", "base", "checkpoints", "linear", "linear_aisles", "tensorboard"),
        *("config.json", "dataset.json", "manifest.json", "progress.json"),
    }


def test_a_run_s_figures_are_kept(trained: Run) -> None:
    progress = read_json(trained.progress_file)
    assert (progress["step"], progress["steps"]) == (30, 30)
    for figure in ("learning_rate", "tokens_per_s", "names_per_s", "steps_per_s", "memory_gb"):
        assert progress[figure] >= 0, figure
    assert progress["tokens_per_s"] > progress["names_per_s"] > 0
    events = EventAccumulator(str(trained.tensorboard_dir)).Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [25, 30]
    (accuracy,) = events.Scalars("train/valid_accuracy")
    assert accuracy.value == pytest.approx(trained.manifest().training["valid_accuracy"])


def test_a_tracker_that_does_not_know_where_to_is_refused(
    tiny_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(ConfigError, match="MLFLOW_TRACKING_URI"):
        train(tiny_dataset, Run(tmp_path / "run"), tiny.config("train.report_to=[mlflow]"))
    assert not (tmp_path / "run").exists()


def test_a_run_cut_after_its_last_step_only_ends(
    trained: Run, copy: Run, tiny_dataset: Dataset
) -> None:
    manifest = train(tiny_dataset, cut(copy), CONFIG)
    assert manifest.training["steps"] == 30
    assert manifest.fingerprint == trained.manifest().fingerprint


def test_a_damaged_checkpoint_is_said_and_the_one_before_it_used(
    trained: Run, copy: Run, tiny_dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    last = copy.checkpoints_dir / "checkpoint-30" / "optimizer.pt"
    last.write_bytes(last.read_bytes()[:-1])
    manifest = train(tiny_dataset, cut(copy), CONFIG)
    said = "checkpoint-30 is damaged (optimizer.pt): going on from checkpoint-25"
    assert said in capsys.readouterr().out
    assert manifest.training["starts"] == [
        {"step": 0, "workers": 1, "damaged": {}},
        {"step": 25, "workers": 1, "damaged": {"checkpoint-30": ["optimizer.pt"]}},
    ]
    name = "adapter_model.safetensors"  # adapter_config.json lists its layers in any order
    weights = load_file(copy.adapter_dir / name)
    for key, expected in load_file(trained.adapter_dir / name).items():
        assert (weights[key] == expected).all()


def test_other_workers_cannot_go_on_with_a_run(copy: Run, tiny_dataset: Dataset) -> None:
    """The global batch would be another, and optimizer shards fit no other number."""
    with pytest.raises(ArtifactError, match=r"workers = 1, and now 2\): .*scaling\.min_workers"):
        train(tiny_dataset, cut(copy), tiny.config("train.max_steps=30", "scaling.workers=2"))


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_the_run(tiny_dataset: Dataset, tmp_path: Path) -> None:
    """At once: what is sure to come again is not tried again."""
    run = Run(tmp_path / "run")
    config = tiny.config(
        "train.max_steps=30", "train.learning_rate=1e30", "scaling.max_failures=-1"
    )
    with pytest.raises(
        TrainingFailed, match=r"the loss is (nan|inf) at step \d+, and no checkpoint"
    ):
        train(tiny_dataset, run, config)
    assert not run.is_complete


@pytest.mark.parametrize(
    ("config", "error"),
    [
        (tiny.config("scaling.workers=99"), "asks? for"),
        (tiny.config("model.base=/nope", "train.token_dropout=0"), "'/nope' cannot be loaded"),
        (tiny.config("catalog.unlabelled=[frozen]"), "the Dataset was made with"),
    ],
    ids=["resources", "base", "labels"],
)
def test_a_refused_overwrite_keeps_the_run(
    copy: Run, tiny_dataset: Dataset, config: Config, error: str
) -> None:
    before = copy.manifest()
    with pytest.raises(ConfigError, match=error):
        train(tiny_dataset, copy, config, overwrite=True)
    assert copy.manifest() == before
    assert copy.calibration_file.is_file()


def test_another_dataset_cannot_go_on_with_a_run(copy: Run, tiny_dataset: Dataset) -> None:
    """What was learned from one split would be tested in the other."""
    other = Dataset(copy.path.parent / "other")
    copytree(tiny_dataset.path, other.path)
    changed = other.manifest().model_copy(update={"fingerprint": "another"})
    other.publish(changed)
    with pytest.raises(ArtifactError, match="was begun with Dataset tiny"):
        train(other, cut(copy), CONFIG)


def test_another_config_cannot_go_on_with_a_run(copy: Run, tiny_dataset: Dataset) -> None:
    with pytest.raises(ArtifactError, match="another config"):
        train(tiny_dataset, cut(copy), tiny.config("train.max_steps=31"))


def test_two_processes_cannot_write_one_run(copy: Run, tiny_dataset: Dataset) -> None:
    code = (
        "import sys; from pathlib import Path; from shelftag.artifacts import Run\n"
        f"Run(Path({str(copy.path)!r})).hold(); print('held', flush=True); sys.stdin.read()"
    )
    cut(copy)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ArtifactError, match="by another process"):
            train(tiny_dataset, copy, CONFIG)
        other.communicate("")


def test_a_damaged_dataset_is_refused(tiny_dataset: Dataset, tmp_path: Path) -> None:
    damaged = Dataset(copytree(tiny_dataset.path, tmp_path / "dataset"))
    damaged.products_file.write_bytes(b"no")
    with pytest.raises(ArtifactError, match=r"products\.parquet cannot be read"):
        train(damaged, Run(tmp_path / "run"), CONFIG)
    assert not (tmp_path / "run").exists()
