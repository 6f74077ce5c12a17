"""A given catalog: somebody's products, aisles and departments, taken as they are."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from shelftag.errors import InputError
from shelftag.synthesis.arrays import Longs

COLUMNS = {
    "departments.csv": ("department_id", "department"),
    "aisles.csv": ("aisle_id", "aisle"),
    "products.csv": ("product_id", "product_name", "aisle_id", "department_id"),
}
"""File -> columns it must have; more are welcome."""

FEWEST_PRODUCTS = 40
"""Below this, baskets of the usual size cannot hold different products."""


@dataclass(frozen=True)
class GivenCatalog:
    """A catalog that has been read and found usable."""

    folder: Path
    product_ids: Longs
    """Unique and ascending; they need not be dense."""
    rows: dict[str, int]
    """File -> rows."""

    @classmethod
    def read(cls, folder: Path) -> "GivenCatalog":
        """Read what matters of the three files.

        Raises:
            InputError: a file or column is missing, a file is not CSV, or the products are too
                few or without whole-number ids.
        """
        rows, ids = {}, pa.chunked_array([], pa.int64())
        for name, columns in COLUMNS.items():
            table = _read(folder / name, columns)
            rows[name] = len(table)
            if name == "products.csv":
                ids = table["product_id"]
        return cls(folder, _usable(ids, folder / "products.csv"), rows)

    def copy_to(self, folder: Path) -> None:
        """The three files, byte for byte."""
        for name in COLUMNS:
            shutil.copyfile(self.folder / name, folder / name)


def _read(file: Path, columns: tuple[str, ...]) -> pa.Table:
    """All columns as text, but ids of products as numbers."""
    if not file.is_file():
        raise InputError(
            f"--catalog {file.parent} has no {file.name}",
            f"name a folder with {', '.join(COLUMNS)}",
        )
    try:
        table = csv.read_csv(
            file,
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types={"product_id": pa.int64(), **dict.fromkeys(columns[1:], pa.binary())},
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, OSError) as error:
        problem = f"{file} cannot be read as CSV ({' '.join(str(error).split())})"
        raise InputError(problem, "mend the file") from None
    if absent := [column for column in columns if column not in table.column_names]:
        problem = f"{file} lacks the column {', '.join(absent)}; it has {table.column_names}"
        raise InputError(problem, f"name the columns {', '.join(columns)}")
    return table


def _usable(ids: pa.ChunkedArray, file: Path) -> Longs:
    if ids.null_count:
        raise InputError(f"{file}: {ids.null_count} rows have no product_id", "give each an id")
    unique: Longs = pc.unique(ids).sort().to_numpy()
    if len(unique) < FEWEST_PRODUCTS:
        problem = f"{file} has {len(unique)} products, fewer than {FEWEST_PRODUCTS}"
        raise InputError(problem, "baskets need that many; name a larger catalog")
    return unique
