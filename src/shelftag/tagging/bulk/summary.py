"""What `tag` says at the end."""

from rich import box
from rich.console import Console
from rich.table import Table

from shelftag.artifacts import Tags, TagsManifest
from shelftag.tagging.bulk.publish import changed_share, share


def print_summary(out: Tags, manifest: TagsManifest, seconds: float) -> None:
    """Tags per department, the accounts and the time, on the terminal."""
    console = Console(highlight=False)
    console.print(departments_table(manifest))
    console.print(
        f"{manifest.rows_in:,} rows in = {manifest.rows_out:,} tagged + {manifest.errors:,} errors"
        f"; {manifest.unique_names:,} names, {manifest.scored:,} of them scored"
    )
    for reason, rows in manifest.error_reasons.items():
        console.print(f"  {rows:,} x {reason}", soft_wrap=True)
    review = share(manifest.review, manifest.rows_out)
    console.print(f"for review: {manifest.review:,} rows ({review:.1%}), names in review.csv")
    _say_changes(console, manifest)
    if manifest.errors:
        console.print(f"errors, with reasons: {out.errors}", soft_wrap=True)
    rates = f"{manifest.unique_names / seconds:,.0f} names/s"
    console.print(f"{out} ({manifest.fingerprint[:8]}): {seconds:.1f} s, {rates}", soft_wrap=True)


def _say_changes(console: Console, manifest: TagsManifest) -> None:
    since = manifest.since
    if since is None:
        return
    console.print(
        f"since the earlier output: {since.reused:,} names taken over, {since.gone:,} gone; "
        f"{since.changed_names:,} names ({since.changed_rows:,} rows, "
        f"{changed_share(manifest) or 0:.2%}) change department: changes.csv",
        soft_wrap=True,
    )


def departments_table(manifest: TagsManifest) -> Table:
    """Rows by department, most first."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("department")
    table.add_column("rows", justify="right")
    table.add_column("share", justify="right")
    for department, rows in manifest.departments.items():
        table.add_row(department, f"{rows:,}", f"{share(rows, manifest.rows_out):.1%}")
    return table
