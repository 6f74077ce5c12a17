"""Make six tables in Instacart's shape.

    made names, or a given catalog    -> departments.csv, aisles.csv, products.csv
    users, their orders and the gaps  -> orders.csv
    baskets by popularity and loyalty -> order_products__prior.csv, order_products__train.csv

Counts are exact at any size. The same seed gives the same bytes, on any number of cores.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from shelftag import __version__
from shelftag.artifacts import write_text
from shelftag.config import Config
from shelftag.errors import InputError
from shelftag.progress import Progress
from shelftag.synthesis.arrays import Longs
from shelftag.synthesis.baskets import Baskets, Popularity, fill, parts_of
from shelftag.synthesis.counts import scaled
from shelftag.synthesis.given import GivenCatalog
from shelftag.synthesis.lines import LINE_COLUMNS, lines_table, runs_by_id
from shelftag.synthesis.orders import (
    ORDER_COLUMNS,
    PRIOR,
    TRAIN,
    Orders,
    draw_orders,
    orders_table,
)
from shelftag.synthesis.products import aisles_table, departments_table, made_products
from shelftag.synthesis.tables import (
    ORDERS_FILE,
    PRIOR_FILE,
    TRAIN_FILE,
    Tables,
    TablesManifest,
    tables_fingerprint,
)
from shelftag.synthesis.writing import plain_csv, write_chunks, write_quoted
from shelftag.threads import in_order

ORDERS_AT_ONCE = 500_000


def main(*, out: Path, catalog: Path | None, overwrite: bool, config: Config) -> None:
    """Fill the folder `out` with six tables.

    Raises:
        ArtifactError: `out` holds something that must not be replaced.
        InputError: the catalog cannot be used.
    """
    started = time.monotonic()
    tables = Tables(out)
    tables.check_free(overwrite=overwrite)
    given = _given(catalog, tables.path)
    fingerprint = tables_fingerprint(config, catalog)
    tables.begin(overwrite=overwrite)
    write_text(tables.config_file, config.yaml())
    for_products, for_orders = np.random.SeedSequence(config.synthesis.seed).spawn(2)
    product_ids, rows = _write_catalog(tables.path, given, config, for_products)
    rows |= _write_orders(tables.path, product_ids, config.synthesis.lines, for_orders)
    tables.publish(
        TablesManifest(
            shelftag=__version__,
            fingerprint=fingerprint,
            config=config.model_dump(mode="json"),
            rows=rows,
            catalog=str(catalog) if catalog else None,
        )
    )
    _summarise(tables, rows, time.monotonic() - started)


def _given(catalog: Path | None, out: Path) -> GivenCatalog | None:
    if catalog is None:
        return None
    if catalog.resolve() == out.resolve():
        raise InputError(f"--catalog and --out are both {catalog}", "name another --out")
    return GivenCatalog.read(catalog)


def _write_catalog(
    folder: Path, given: GivenCatalog | None, config: Config, seed: np.random.SeedSequence
) -> tuple[Longs, dict[str, int]]:
    """Write products, aisles and departments; the product ids, and rows by file."""
    if given is not None:
        given.copy_to(folder)
        return given.product_ids, given.rows
    products = made_products(config.synthesis, seed)
    made = {
        "departments.csv": departments_table(),
        "aisles.csv": aisles_table(),
        "products.csv": products,
    }
    for name, table in made.items():
        write_quoted(folder / name, table)
    return products["product_id"].to_numpy(), {name: len(table) for name, table in made.items()}


def _write_orders(
    folder: Path, product_ids: Longs, lines: int, seed: np.random.SeedSequence
) -> dict[str, int]:
    """Write orders and their lines; rows by file."""
    counts = scaled(lines)
    orders = draw_orders(counts, len(product_ids), np.random.default_rng(seed))
    _write_order_rows(folder / ORDERS_FILE, orders)
    baskets = _filled(orders, len(product_ids), seed)
    for name, eval_set in ((PRIOR_FILE, PRIOR), (TRAIN_FILE, TRAIN)):
        _write_lines(folder / name, orders, baskets, eval_set, product_ids)
    return {
        ORDERS_FILE: counts.orders,
        PRIOR_FILE: counts.prior_lines,
        TRAIN_FILE: counts.train_lines,
    }


def _filled(orders: Orders, products: int, seed: np.random.SeedSequence) -> Baskets:
    """Every order's products; each part draws from a stream of its own."""
    parts = list(parts_of(orders))
    ranks, *streams = map(np.random.default_rng, seed.spawn(1 + len(parts)))
    popularity = Popularity.drawn(products, ranks)
    baskets = Baskets.empty(orders)

    def work(job: tuple[slice, np.random.Generator]) -> int:
        return fill(baskets, orders, job[0], popularity, job[1])

    progress = Progress("baskets filled", len(baskets.product), "lines")
    for lines in in_order(work, zip(parts, streams, strict=True)):
        progress.add(lines)
    return baskets


def _write_order_rows(file: Path, orders: Orders) -> None:
    def work(start: int) -> pa.Buffer:
        return plain_csv(orders_table(orders, start, start + ORDERS_AT_ONCE))

    write_chunks(file, ORDER_COLUMNS, in_order(work, range(0, len(orders), ORDERS_AT_ONCE)))


def _write_lines(
    file: Path,
    orders: Orders,
    baskets: Baskets,
    eval_set: int,
    product_ids: Longs,
) -> None:
    progress = Progress(file.name, int(orders.size[orders.eval_set == eval_set].sum()), "lines")

    def work(run: Longs) -> tuple[int, pa.Buffer]:
        table = lines_table(orders, baskets, run, product_ids)
        return len(table), plain_csv(table)

    def chunks() -> Iterator[pa.Buffer]:
        for rows, chunk in in_order(work, runs_by_id(orders, eval_set)):
            progress.add(rows)
            yield chunk

    write_chunks(file, LINE_COLUMNS, chunks())


def _summarise(tables: Tables, rows: dict[str, int], seconds: float) -> None:
    for name, count in rows.items():
        print(f"{count:>12,} rows  {name}")
    print(f"{tables.path} made in {seconds:.1f} s")
