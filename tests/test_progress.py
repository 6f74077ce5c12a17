"""A line says how far it is, how fast, and how long it will take."""

from types import SimpleNamespace

import pytest

from shelftag.progress import Progress


def test_rate_and_time_left_are_counted_from_the_first_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 10.0, 20.0, 30.0])
    watch = SimpleNamespace(perf_counter=lambda: next(clock))
    monkeypatch.setattr("shelftag.progress.time", watch)
    progress = Progress("order lines", 4_000_000, "MB", 10**6)
    for count in (1_000_000, 500_000, 2_500_000):
        progress.add(count)
    first, second, last = (line.strip() for line in capsys.readouterr().err.splitlines())
    assert first == "order lines: 1.0 of 4.0 MB"
    assert second == "order lines: 1.5 of 4.0 MB, 0.1 MB/s, 50 s left"
    assert last == "order lines: 4.0 of 4.0 MB, 0.1 MB/s, 0 s left"


def test_a_log_gets_a_line_now_and_then_and_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("tagged", 1_000)
    for _ in range(1_000):
        progress.add(1)
    assert capsys.readouterr().err.startswith("tagged: 1,000 of 1,000 rows, ")
