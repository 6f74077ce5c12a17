"""What reads the same is the same."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from shelftag.catalog.departments import Departments
from shelftag.catalog.text import text


@given(st.text(max_size=60))
def test_case_width_and_white_space_do_not_matter(name: str) -> None:
    spaced = f"  {unicodedata.normalize('NFKC', name).casefold()}\t"
    assert text(spaced) == text(text(name)) == text(unicodedata.normalize("NFD", text(name)))


def test_description_follows_the_name() -> None:
    assert text("Rye  Bread", "Baked\nDaily") == "rye bread : baked daily"
    assert text("Rye Bread", "") == text("Rye Bread", " ") == "rye bread"


def test_departments_are_sorted_and_fingerprinted() -> None:
    departments = Departments.learned(["snacks", "frozen", "missing"], ["missing"])
    assert departments.names == ("frozen", "snacks")
    assert departments.index == {"frozen": 0, "snacks": 1}
    assert departments.fingerprint != Departments(("snacks", "frozen")).fingerprint
