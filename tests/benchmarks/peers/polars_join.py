"""The six tables joined by Polars, lazy and streamed, into one Parquet file: TABLES OUT."""

import os
import sys
from pathlib import Path


def join(tables: Path, out: Path) -> None:
    """Join all lines of users' later orders."""
    os.environ["POLARS_MAX_THREADS"] = "2"  # read when Polars is imported
    import polars as pl

    def scan(name: str) -> pl.LazyFrame:
        return pl.scan_csv(tables / f"{name}.csv")

    lines = pl.concat([scan("order_products__prior"), scan("order_products__train")])
    merged = (
        lines.join(scan("orders").drop_nulls("days_since_prior_order"), on="order_id")
        .join(scan("products"), on="product_id")
        .join(scan("aisles"), on="aisle_id")
        .join(scan("departments"), on="department_id")
    )
    merged.sink_parquet(out, compression="zstd")


if __name__ == "__main__":
    join(*map(Path, sys.argv[1:]))
