"""How a job goes is on file while it runs, also when it fails."""

import json
from contextlib import suppress
from typing import Any

import pytest

from shelftag.artifacts import Place
from shelftag.tagging.bulk import progress as module
from shelftag.tagging.bulk.progress import JobProgress
from tests.artifacts.stores import bucket


def said(file: Place) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read())
    return found


def test_progress_is_on_file_while_it_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITE_EVERY_S", 0)
    file = bucket() / "progress.json"
    with JobProgress(file, 30) as progress:
        none = {"state": "running", "rows_done": 0, "rows_total": 30, "errors": 0}
        assert said(file) == none | {"stage": "", "stage_done": 0, "stage_total": 0}
        progress.begin("names scored", 12, "names")
        progress.add(12)
        assert said(file) == none | {
            "stage": "names scored",
            "stage_done": 12,
            "stage_total": 12,
        }
        progress.begin("rows written", 30)
        progress.add(20, 20, 2)
        assert said(file) == none | {
            "rows_done": 20,
            "errors": 2,
            "stage": "rows written",
            "stage_done": 20,
            "stage_total": 30,
        }
        progress.add(10, 10, 0)
    assert (said(file)["state"], said(file)["rows_done"], said(file)["errors"]) == ("done", 30, 2)
    first, last = capsys.readouterr().err.splitlines()
    assert first.strip() == "names scored: 12 of 12 names"
    assert last.strip().startswith("rows written: 30 of 30 rows, ")
    assert last.strip().endswith("0 s left")


def test_progress_of_a_job_that_fails() -> None:
    file = bucket() / "progress.json"
    with suppress(ZeroDivisionError), JobProgress(file, 30) as progress:
        progress.begin("rows written", 30)
        progress.add(10, 10, 1)
        raise ZeroDivisionError
    assert (said(file)["state"], said(file)["rows_done"], said(file)["errors"]) == ("failed", 10, 1)
