"""The notebook that most people start from: clean, and it runs, here with the nano base."""

import sys
from pathlib import Path
from typing import Any

import pytest

from shelftag.artifacts import Run, read_json
from tests import tiny

NOTEBOOK = Path(__file__).parents[2] / "pipelines" / "colab_t4.ipynb"


def notebook() -> Any:
    nbformat = pytest.importorskip("nbformat", reason="the extra shelftag[dev] is not installed")
    return nbformat.read(NOTEBOOK, as_version=4)


def test_it_is_kept_without_outputs() -> None:
    cells = [cell for cell in notebook().cells if cell.cell_type == "code"]
    assert cells
    assert not any(cell.outputs or cell.execution_count for cell in cells)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore::Warning:jupyter_client", "ignore::Warning:zmq")
def test_it_runs_from_tables_to_tags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    small = (*tiny.OVERRIDES, "train.max_steps=60")
    settings = {
        "WORK": str(tmp_path / "work"),
        "LINES": "20000",
        "PRODUCTS": "1200",
        "TRAIN": " ".join(small),
        "CUDA_VISIBLE_DEVICES": "",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    done = nbclient.NotebookClient(
        notebook(), timeout=600, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    run = Run(tmp_path / "work" / "run")
    assert run.manifest().training["steps"] == 60
    assert (run.evaluation_dir / "scores.json").is_file()
    shown = [output for cell in done.cells for output in cell.get("outputs", [])]
    pages = [output.data.get("text/html", "") for output in shown if "data" in output]
    report, tags = (page for page in pages if page)
    assert "srcdoc=" in report
    assert all(f"<th>{name}</th>" in tags for name in ("product_name", "department", "status"))
    assert read_json(tmp_path / "work" / "tagged" / "progress.json")["rows_done"] == 200
