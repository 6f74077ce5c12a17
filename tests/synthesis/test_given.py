"""A given catalog is taken as it is, or refused with the reason."""

from pathlib import Path

import pytest

from shelftag.errors import InputError
from shelftag.synthesis.given import GivenCatalog

PRODUCTS = "product_id,product_name,aisle_id,department_id\n" + "".join(
    f'{number * 7},"Jam, {number}",1,1\n' for number in range(60)
)
GOOD = {
    "products.csv": PRODUCTS,
    "aisles.csv": "aisle_id,aisle\n1,jams\n",
    "departments.csv": "department_id,department\n1,pantry\n",
}


def catalog(folder: Path, **changes: str | None) -> Path:
    """A good catalog, but for files changed, or left out where None."""
    folder.mkdir()
    for name, content in (GOOD | {f"{key}.csv": text for key, text in changes.items()}).items():
        if content is not None:
            (folder / name).write_text(content)
    return folder


def test_a_good_catalog_is_read(tmp_path: Path) -> None:
    given = GivenCatalog.read(catalog(tmp_path / "shop"))
    assert given.product_ids.tolist() == [number * 7 for number in range(60)]
    assert given.rows == {"products.csv": 60, "aisles.csv": 1, "departments.csv": 1}


def test_more_columns_in_another_order_are_welcome(tmp_path: Path) -> None:
    text = "price,department_id,aisle_id,product_name,product_id\n" + "1.5,1,1,Jam,3\n4,1,1,Tea,5\n"
    text += "".join(f"x,1,1,Item {number},{number}\n" for number in range(3, 90))
    given = GivenCatalog.read(catalog(tmp_path / "shop", products=text))
    assert given.product_ids.tolist() == list(range(3, 90))  # 3 and 5 stand twice
    assert given.rows["products.csv"] == 89


def test_the_copy_is_byte_for_byte(tmp_path: Path) -> None:
    odd = "\ufeff" + PRODUCTS.replace("\n", "\r\n")
    given = GivenCatalog.read(catalog(tmp_path / "shop", products=odd))
    (tmp_path / "copy").mkdir()
    given.copy_to(tmp_path / "copy")
    for name in GOOD:
        same = (tmp_path / "shop" / name).read_bytes()
        assert (tmp_path / "copy" / name).read_bytes() == same


@pytest.mark.parametrize("name", ["products", "aisles", "departments"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"has no {name}\.csv"):
        GivenCatalog.read(catalog(tmp_path / "shop", **{name: None}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"products": PRODUCTS.replace("aisle_id", "shelf")}, "lacks the column aisle_id"),
        ({"products": PRODUCTS.replace("product_id", "sku")}, "lacks the column product_id"),
        ({"aisles": "id,aisle\n1,jams\n"}, r"aisles\.csv lacks the column aisle_id"),
        ({"departments": "department_id\n1\n"}, r"departments\.csv lacks the column department;"),
        ({"products": PRODUCTS.splitlines()[0] + "\n"}, "has 0 products"),
        ({"products": "\n".join(PRODUCTS.splitlines()[:11]) + "\n"}, "has 10 products"),
        ({"products": PRODUCTS + "abc,Tea,1,1\n"}, "cannot be read as CSV .*abc"),
        ({"products": PRODUCTS + ",Tea,1,1\n"}, "1 rows have no product_id"),
        ({"products": PRODUCTS + "9,Tea\n"}, "cannot be read as CSV .*Expected 4 columns"),
        ({"products": ""}, "cannot be read as CSV .*[Ee]mpty"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        GivenCatalog.read(catalog(tmp_path / "shop", **changes))
