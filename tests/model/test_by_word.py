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
    """By what is held, however long the words are and however many come at once."""
    most = 20 * by_word.WORD_BYTES
    monkeypatch.setattr(by_word, "MOST_BYTES", most)
    words = ByWord(Letters())
    for length in (1, 60):
        many = [f"{number:0{length}}" for number in range(10)]
        for asked in (many, *([word] for word in many)):
            assert read(words, *asked) == asked
            assert held(words) <= most + 2 * (by_word.WORD_BYTES + 4 * by_word.LONGEST_WORD)
    everything = [str(number) for number in range(1_000)]
    assert read(words, *everything) == everything
    assert most / 3 < held(words) < 1.2 * most


def held(words: ByWord) -> int:
    """Bytes of what is remembered."""
    kept = (*words._young.values(), *words._old.values())
    return sum(by_word.WORD_BYTES + numbers.nbytes for numbers in kept)


def test_words_that_come_again_are_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_word, "MOST_BYTES", 20 * by_word.WORD_BYTES)
    letters = Letters()
    words = ByWord(letters)
    for number in range(100):
        read(words, "rye", str(number))
    assert letters.asked.count("rye") == 1
