"""The six tables joined by DuckDB into one Parquet file: TABLES OUT."""

import sys
from pathlib import Path

import duckdb

JOIN = """
COPY (
    SELECT *
    FROM read_csv(['{tables}/order_products__prior.csv', '{tables}/order_products__train.csv'])
    JOIN '{tables}/orders.csv' USING (order_id)
    JOIN '{tables}/products.csv' USING (product_id)
    JOIN '{tables}/aisles.csv' USING (aisle_id)
    JOIN '{tables}/departments.csv' USING (department_id)
    WHERE days_since_prior_order IS NOT NULL
) TO '{out}' (FORMAT parquet, COMPRESSION zstd)
"""


def join(tables: Path, out: Path) -> None:
    """Join all lines of users' later orders."""
    duckdb.connect(config={"threads": 2}).execute(JOIN.format(tables=tables, out=out))


if __name__ == "__main__":
    join(*map(Path, sys.argv[1:]))
