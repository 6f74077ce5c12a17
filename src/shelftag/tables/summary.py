"""What `prepare` says at the end: what became of every row."""

from rich import box
from rich.console import Console
from rich.table import Table

from shelftag.artifacts import Dataset, DatasetManifest, OverridesAccount
from shelftag.tables.split_counts import too_rare


def print_summary(dataset: Dataset, manifest: DatasetManifest, seconds: float) -> None:
    """The accounts, the splits and the time, on the terminal."""
    console = Console(highlight=False)
    if manifest.official:
        console.print("these are the official 2017 tables")
    console.print(accounts(manifest))
    for reason, rows in manifest.reject_reasons.items():
        console.print(f"  rejected: {reason}: {rows:,}")
    for one in manifest.overrides:
        console.print(corrections(one), soft_wrap=True)
    splits = ", ".join(f"{name} {count:,}" for name, count in manifest.splits.items())
    console.print(f"products by {manifest.split_protocol}: {splits}")
    console.print(f"departments learned: {len(manifest.departments)}")
    if manifest.leakage.conflicts:
        console.print(conflicts(manifest), soft_wrap=True)
    if rare := too_rare(manifest.departments, manifest.splits_by_department):
        console.print(rare, soft_wrap=True)
    console.print(
        f"Dataset {dataset.path} ({manifest.fingerprint[:8]}): {seconds:.1f} s", soft_wrap=True
    )


def conflicts(manifest: DatasetManifest) -> str:
    """How many labels contradict each other."""
    found = manifest.leakage
    return (
        f"names under several departments: {found.conflicts:,} "
        f"({found.conflicting_products:,} products, in conflicts.parquet)"
    )


def corrections(one: OverridesAccount) -> str:
    """What became of the rows of a file of corrections."""
    return (
        f"labels corrected by {one.file}: {one.applied:,} ({one.unchanged:,} stood there already, "
        f"{one.skipped:,} not decided, {one.rejected:,} rejected)"
    )


def accounts(manifest: DatasetManifest) -> Table:
    """in = out + dropped + rejected: of each table, and of order lines that were merged."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("rows", "in", "out", "dropped", "rejected"):
        table.add_column(name, justify="left" if name == "rows" else "right")
    for name, account in manifest.tables.items():
        table.add_row(name, *_counts(account.read, account.merged, 0, account.rejected))
    lines = manifest.order_lines
    if lines["merged"]:
        table.add_section()
        table.add_row("order lines", *_counts(lines["merged"], lines["kept"], lines["dropped"], 0))
    return table


def _counts(*counts: int) -> list[str]:
    return [f"{count:,}" for count in counts]
