"""Two Runs on the products neither has seen -> may the candidate take the champion's place?

    RUN_A/evaluation/predictions.parquet --.
    RUN_B/evaluation/predictions.parquet --'--> Comparison --> RUN_B/evaluation/compare-A.*

Nothing is loaded but the two files, so it answers at once.
"""

from pathlib import Path

from shelftag.artifacts import Run, write_text
from shelftag.artifacts.fetched import fetched, put_back
from shelftag.config import Config
from shelftag.errors import GateFailed, InputError
from shelftag.evaluation.comparison import Comparison
from shelftag.evaluation.comparison_report import change_cells, comparison_page, scope_of
from shelftag.evaluation.predictions import read_predictions
from shelftag.evaluation.promotion import compare_predictions
from shelftag.report.page import render

MOVES_PRINTED = 5


def main(*, run_a: str, run_b: str, allow_lost: bool, config: Config) -> None:
    """Compare, write, print, and then fail if accuracy or a department falls, or one is lost.

    Raises:
        ArtifactError: a Run was not evaluated.
        InputError: the Runs share no test products, or are one and the same.
        GateFailed: the candidate must not be promoted.
    """
    champion, candidate = fetched(run_a), fetched(run_b)
    if champion.manifest().fingerprint == candidate.manifest().fingerprint:
        problem = f"{run_a} and {run_b} are the same Run"
        raise InputError(problem, "name the Run in use, and then the new one")
    comparison = compare_predictions(
        read_predictions(champion),
        read_predictions(candidate),
        config.evaluation.max_regression,
        allow_lost,
        config.train.seed,
    )
    page = publish(candidate, comparison)
    put_back(candidate, run_b)
    show(comparison)
    print(f"report: {page}")
    if comparison.failures:
        raise GateFailed(
            "the candidate must not be promoted: " + "; ".join(comparison.failures),
            "keep the champion, or allow it with --max-regression (1 allows everything)"
            + " or --allow-lost" * bool(comparison.lost and not allow_lost),
        )


def publish(candidate: Run, comparison: Comparison) -> Path:
    """Write both files beside the candidate's evaluation, and return the page's."""
    stem = f"compare-{comparison.champion.run[:8]}"
    page = candidate.evaluation_dir / f"{stem}.html"
    write_text(page, render(comparison_page(comparison)))
    figures = comparison.model_dump_json(indent=2) + "\n"
    write_text(candidate.evaluation_dir / f"{stem}.json", figures)
    return page


def show(comparison: Comparison) -> None:
    """Print the verdict, the departments and the commonest moves."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("department", "products", "recall", "precision", ""):
        table.add_column(column, no_wrap=True, justify="right" if column == "products" else "left")
    for one in comparison.departments:
        verdicts = {one.recall.verdict, one.precision.verdict} - {"holds"}
        cells = (change_cells(measure)[0] for measure in (one.recall, one.precision))
        table.add_row(one.department, f"{one.support:,}", *cells, ", ".join(sorted(verdicts)))
    console.print(comparison.verdict, soft_wrap=True)
    console.print(table)
    for line in (scope_of(comparison), *_notes(comparison)):
        console.print(line, soft_wrap=True)


def _notes(comparison: Comparison) -> list[str]:
    before, after = comparison.confidence
    moves = "; ".join(
        f"{move.before} -> {move.after} {move.products:,} ({move.mended:,} mended, "
        f"{move.spoiled:,} spoiled)"
        for move in comparison.moves[:MOVES_PRINTED]
    )
    moved = sum(move.products for move in comparison.moves)
    lines = [f"mean confidence {before:.3f} -> {after:.3f}; put elsewhere: {moved:,} products"]
    if moves:
        lines.append(f"commonest moves: {moves}")
    for whose, names in (
        ("the champion", comparison.champion_only),
        ("the candidate", comparison.candidate_only),
    ):
        if names:
            lines.append(f"departments that {whose} alone knows: {', '.join(names)}")
    if comparison.refiled:
        lines.append(f"filed anew, the candidate's filing counts: {comparison.refiled:,} products")
    lines += [f"cannot tell from chance: {doubt}" for doubt in comparison.doubts]
    return lines
