"""A Run's Llama in one form and another: cost, agreement, accuracy, steadiness."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.artifacts import Dataset, Run
from shelftag.tagging.identity import CheckedRun, check_run

FLOAT32 = "float32, transformers"
FORMS: dict[str, dict[str, Any]] = {
    FLOAT32: {"products": None},
    "bfloat16, transformers": {"products": None, "dtype": "bfloat16"},
    "float32, nano": {"products": "float32"},
    "bfloat16 products, nano": {"products": "bfloat16"},
}
SIZES = (256, 1, 7)
"""Names in a batch; the first is what the others are compared with."""

SAMPLED = 1_024
"""Names that are tagged in all sizes."""

Likely = NDArray[np.float32]


@dataclass(frozen=True)
class Tested:
    """A form's probabilities of the Run's test products, with the linear model's help."""

    likely: Likely
    moved: float
    """How far the first batch size and another are apart in a confidence, at most."""
    changed: int
    """Departments of the sample that another batch size changes."""


def compare_forms(
    run: Run, dataset: Dataset, texts: list[str], rounds: int
) -> dict[str, dict[str, float]]:
    """Each of `FORMS` beside float32; costs are of `texts`, the rest is of test products."""
    from shelftag.training.examples import read_examples

    checked = check_run(run)
    test = read_examples(dataset, checked.departments, "test", count_alpha=0.0)
    alone = {name: _scorer(run, checked, form, SIZES[0]) for name, form in FORMS.items()}
    work = {name: lambda one=one: one.logits(texts) for name, one in alone.items()}
    taken = core_us(work, len(texts), rounds)
    tested = {name: _tested(run, checked, form, test.texts) for name, form in FORMS.items()}
    chosen = {name: one.likely.argmax(axis=1) for name, one in tested.items()}
    first = chosen[FLOAT32]
    return {
        name: {
            "core_us_per_name": taken[name],
            "times_as_fast": round(taken[FLOAT32] / taken[name], 2),
            "agreement": float((chosen[name] == first).mean()),
            "accuracy": float((chosen[name] == test.labels).mean()),
            "gained": int(((chosen[name] == test.labels) & (first != test.labels)).sum()),
            "lost": int(((chosen[name] != test.labels) & (first == test.labels)).sum()),
            "moved_by_batch": tested[name].moved,
            "changed_by_batch": tested[name].changed,
        }
        for name in FORMS
    }


def core_us(work: Mapping[str, Callable[[], Any]], names: int, rounds: int) -> dict[str, float]:
    """Microseconds of core time a name, medians of rounds in which all take turns."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, do in work.items():
            started = time.process_time()
            do()
            if number:  # the first round warms up
                taken[name].append(time.process_time() - started)
    return {name: round(1e6 * statistics.median(one) / names, 2) for name, one in taken.items()}


def _scorer(run: Run, checked: CheckedRun, form: Mapping[str, Any], size: int) -> Any:
    from shelftag.tagging.tagger import load_scorer

    changed = replace(checked.form, linear_weight=0.0, **form)
    return load_scorer(run, checked.departments, changed, size)


def _tested(run: Run, checked: CheckedRun, form: Mapping[str, Any], texts: list[str]) -> Tested:
    from shelftag.model.linear_aisles import AisleModel
    from shelftag.tagging.ensemble import Ensemble
    from shelftag.tagging.scaling import probabilities

    weight = checked.form.linear_weight
    aisles = AisleModel.load(run.linear_aisles_dir) if weight else None

    def likely(size: int, texts: list[str]) -> Likely:
        alone = _scorer(run, checked, form, size)
        scorer = Ensemble(alone, aisles, weight) if aisles else alone
        return probabilities(scorer.logits(texts), checked.calibration)

    of_all = likely(SIZES[0], texts)
    first, *others = (likely(size, texts[:SAMPLED]) for size in SIZES)
    return Tested(
        of_all,
        moved=max(float(np.abs(one.max(axis=1) - first.max(axis=1)).max()) for one in others),
        changed=sum(int((one.argmax(axis=1) != first.argmax(axis=1)).sum()) for one in others),
    )
