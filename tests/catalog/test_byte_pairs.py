"""A byte-pair vocabulary: one and the same from the same names."""

import subprocess
import sys

from shelftag.catalog.byte_pairs import train_byte_pairs

SPECIALS = ("<s>", "</s>", "<pad>", "<unk>")
NAMES = [
    f"{kind} {thing} {size}"
    for kind in ("organic", "crème", "spicy®", "naïve")
    for thing in ("bread", "broth", "bagel", "berries", "brie")
    for size in ("2%", "500g", "x-large")
]
CODE = f"""
from shelftag.catalog.byte_pairs import train_byte_pairs
print(train_byte_pairs({NAMES!r}, 120, {SPECIALS!r}).to_str())
"""


def test_every_process_learns_the_same() -> None:
    """The library's own trainer does not: it numbers letters in the order of a hash map."""
    learned = {
        subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True).stdout
        for _ in range(3)
    }
    assert len(learned) == 1


def test_names_are_put_together_again() -> None:
    tokenizer = train_byte_pairs(NAMES, 120, SPECIALS)
    assert tokenizer.get_vocab_size() <= 120
    assert [tokenizer.token_to_id(special) for special in SPECIALS] == [0, 1, 2, 3]
    tokens = tokenizer.encode("organic crème brie").tokens
    assert "".join(tokens).replace("##", "") == "organiccrèmebrie"
    assert "<unk>" not in tokenizer.encode("spicy® bagel x-large").tokens
