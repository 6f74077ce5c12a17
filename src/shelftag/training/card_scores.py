"""The model card's scores on products never seen."""

from shelftag.evaluation.models import ModelRow
from shelftag.evaluation.outcome import Evaluation


def tested(evaluation: Evaluation | None) -> str:
    """Scores on the test split, as a table."""
    if evaluation is None:
        return "Scores on products never seen are in `../evaluation/README.md`, once evaluated."
    lines = [
        f"| {row.model}{_sampled(row, evaluation)} | {row.accuracy:.3f} "
        f"({row.accuracy_interval.low:.3f} to {row.accuracy_interval.high:.3f}) | "
        f"{_number(row.macro_f1)} | "
        f"{_number(row.purchase_accuracy)} |"
        for row in evaluation.models
    ]
    return "\n".join(
        [
            "## Scores on the test split",
            "",
            evaluation.verdict,
            "",
            f"{evaluation.model.test.scope.sentence}. In brackets: 95% intervals.",
            "",
            "| model | accuracy | macro-F1 | accuracy by purchase |",
            "| --- | --- | --- | --- |",
            *lines,
        ]
    )


def _sampled(row: ModelRow, evaluation: Evaluation) -> str:
    """Said of a model that was asked for some products only."""
    return f" ({row.rows:,} products)" if row.rows < evaluation.model.test.scope.rows else ""


def _number(score: float | None) -> str:
    return "-" if score is None else f"{score:.3f}"
