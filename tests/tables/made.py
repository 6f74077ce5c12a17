"""Six small tables that join, and what pandas makes of them."""

from pathlib import Path

import pandas as pd

from shelftag.tables.ranges import Chunk, chunks, pieces
from shelftag.tables.sources import Source, check_sources

TABLES = {
    "aisles": "aisle_id,aisle\n1,fresh fruits\n2,yogurt\n3,ice cream ice\n",
    "departments": "department_id,department\n10,produce\n20,dairy eggs\n30,frozen\n40,missing\n",
    "products": (
        "product_id,product_name,aisle_id,department_id\n"
        "1,Banana,1,10\n"
        '2,"Yogurt, ""Greek"" Vanilla",2,20\n'
        "5,Vanilla Ice Cream,3,30\n"
        "9,Mystery Box,3,40\n"
        "12,Crème Brûlée,2,20\n"
    ),
    "orders": (
        "order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,"
        "days_since_prior_order\n"
        "3,7,prior,1,0,08,\n"
        "1,7,prior,2,6,23,7.0\n"
        "4,7,train,3,1,00,30.0\n"
        "6,8,prior,1,2,12,\n"
        "2,8,test,2,3,13,0.0\n"
    ),
    "order_products__prior": (
        "order_id,product_id,add_to_cart_order,reordered\n"
        "1,1,1,1\n1,2,2,0\n1,12,3,0\n3,1,1,0\n3,5,2,0\n6,9,1,0\n"
    ),
    "order_products__train": (
        "order_id,product_id,add_to_cart_order,reordered\n4,1,1,1\n4,2,2,1\n4,9,3,0\n"
    ),
}
MERGED, KEPT = 9, 6


def write_tables(folder: Path, **texts: str | bytes) -> Path:
    """The tables in a folder, some of them with another text."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**TABLES, **texts}.items():
        data = text if isinstance(text, bytes) else text.encode()
        (folder / f"{name}.csv").write_bytes(data)
    return folder


def source(folder: Path, table: str, **texts: str | bytes) -> Source:
    """The one file of one of the tables, checked."""
    (file,) = check_sources(write_tables(folder, **texts))[table]
    return file


def chunks_of(source: Source, block_bytes: int = 2**20) -> list[Chunk]:
    """All rows of a file."""
    return [
        chunk
        for piece in pieces((source,), block_bytes)
        for chunk in chunks(source, piece, block_bytes)
    ]


def merged_by_pandas(folder: Path) -> pd.DataFrame:
    """The kept lines, sorted: the plain merge that ours must equal."""

    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig")

    lines = pd.concat([read("order_products__prior"), read("order_products__train")])
    merged = (
        lines.merge(read("orders"), on="order_id")
        .merge(read("products"), on="product_id")
        .merge(read("aisles"), on="aisle_id")
        .merge(read("departments"), on="department_id")
    )
    return in_order(merged.dropna(subset=["days_since_prior_order"]))


def in_order(lines: pd.DataFrame) -> pd.DataFrame:
    """Lines in an order of their own, with plain column types."""
    lines = lines.astype({"days_since_prior_order": "float64"})
    numbers = lines.select_dtypes("integer").columns
    texts = [name for name in lines if name not in numbers and name != "days_since_prior_order"]
    lines = lines.astype({**dict.fromkeys(numbers, "int64"), **dict.fromkeys(texts, "str")})
    keys = ["order_id", "product_id", "add_to_cart_order", "reordered"]
    return lines.sort_values(keys).reset_index(drop=True)
