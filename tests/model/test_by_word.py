"""Words are computed once, and never too many are kept."""

import numpy as np
import pytest
from numpy.typing import NDArray

from shelftag.model import by_word
from shelftag.model.by_word import ByWord


class Letters:
    """The code points of words, and which words were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, words: list[str]) -> list[NDArray[np.int32]]:
        self.asked += words
        return [np.array([ord(letter) for letter in word], np.int32) for word in words]


def read(words: ByWord, *asked: str) -> list[str]:
    numbers, lengths = words(asked)
    ends = np.cumsum(lengths)
    return ["".join(map(chr, row)) for row in np.split(numbers, ends[:-1])]


def test_each_word_is_computed_once() -> None:
    letters = Letters()
    words = ByWord(letters)
    assert read(words, "rye", "", "rye", "bun") == ["rye", "", "rye", "bun"]
    assert read(words, "bun", "jam") == ["bun", "jam"]
    assert letters.asked == ["", "bun", "rye", "jam"]


def test_no_words_have_no_numbers() -> None:
    numbers, lengths = ByWord(Letters())([])
    assert len(numbers) == len(lengths) == 0


def test_long_words_are_not_kept() -> None:
    letters = Letters()
    words, long = ByWord(letters), "x" * (by_word.LONGEST_WORD + 1)
    assert read(words, long, long) == [long, long]
    assert read(words, long) == [long]
    assert letters.asked == [long, long]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_word, "MOST_WORDS", 3)
    letters = Letters()
    words = ByWord(letters)
    for word in "abcdefgh":
        assert read(words, word, "a") == [word, "a"]
        assert len(words._known) <= 3
    assert read(words, *"abcdefgh") == list("abcdefgh")
