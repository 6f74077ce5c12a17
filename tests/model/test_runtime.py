"""How a process is measured."""

import subprocess
import sys

from shelftag.model.runtime import peak_rss

MIB = 2**20
SHOW = "from shelftag.model.runtime import peak_rss; print(peak_rss())"


def test_a_peak_is_of_the_program_and_not_of_its_parent() -> None:
    held = bytearray(b"1" * (400 * MIB))
    assert peak_rss() > len(held)
    shown = subprocess.run([sys.executable, "-c", SHOW], check=True, capture_output=True, text=True)
    assert 5 * MIB < int(shown.stdout) < 200 * MIB


def test_a_peak_stays_when_memory_was_given_back() -> None:
    held = bytearray(b"1" * (300 * MIB))
    before = peak_rss()
    del held
    assert peak_rss() >= before > 300 * MIB
