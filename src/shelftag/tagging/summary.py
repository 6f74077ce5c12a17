"""What `tag` says at the end."""

from rich import box
from rich.console import Console
from rich.table import Table

from shelftag.artifacts import Tags, TagsManifest


def print_summary(out: Tags, manifest: TagsManifest, names_per_s: float, seconds: float) -> None:
    """Tags per department, the accounts and the time, on the terminal."""
    console = Console(highlight=False)
    console.print(departments_table(manifest))
    console.print(
        f"{manifest.rows_in:,} rows in = {manifest.rows_out:,} tagged + {manifest.errors:,} errors"
        f"; {manifest.unique_names:,} names scored"
    )
    console.print(f"for review: {manifest.review:,} ({_share(manifest.review, manifest)})")
    if manifest.errors:
        console.print(f"errors, with reasons: {out.errors_dir}", soft_wrap=True)
    console.print(
        f"{out.kind} {out.path} ({manifest.fingerprint[:8]}): {seconds:.1f} s, "
        f"{names_per_s:,.0f} names/s in an actor",
        soft_wrap=True,
    )


def departments_table(manifest: TagsManifest) -> Table:
    """Rows by department, most first."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("department")
    table.add_column("rows", justify="right")
    table.add_column("share", justify="right")
    for department, rows in manifest.departments.items():
        table.add_row(department, f"{rows:,}", _share(rows, manifest))
    return table


def _share(rows: int, manifest: TagsManifest) -> str:
    return f"{rows / manifest.rows_out:.1%}" if manifest.rows_out else "-"
