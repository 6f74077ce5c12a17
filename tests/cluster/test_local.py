"""Ray for the length of a verb."""

import subprocess
import sys
from pathlib import Path

import pytest
import ray

import shelftag
from cluster.local import ray_session
from shelftag.config.scaling import ScalingConfig
from shelftag.errors import InputError


def test_a_ray_that_does_not_start_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(**_: object) -> None:
        raise Exception("The current node timed out during startup.\nMore of it.")  # as Ray does

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", dies)
    with pytest.raises(InputError, match=r"on this machine \(The current node timed") as caught:
        ray_session(ScalingConfig()).__enter__()
    assert "\n" not in str(caught.value)


def test_other_versions_of_the_cluster_are_told_with_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def differs(**_: object) -> None:
        ours, theirs = (f"    Ray: 2.{minor}.0\n    Python: 3.11.7\n" for minor in (60, 59))
        raise RuntimeError(
            f"Version mismatch: The cluster was started with:\n{theirs}"
            f"This process on Ray Client was started with:\n{ours}"
        )

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", differs)
    with pytest.raises(InputError, match=r"Ray: 2.59.0 Python: 3.11.7 This .* Ray: 2.60.0 Python"):
        ray_session(ScalingConfig(address="head:6379")).__enter__()


@pytest.mark.slow
def test_a_folder_of_our_name_is_not_taken_for_us(tmp_path: Path) -> None:
    """As where `git clone ... shelftag` was given, and then `shelftag/.venv/bin/shelftag`."""
    (tmp_path / "shelftag").mkdir()
    work = "import shelftag; return shelftag.__version__, is_running()"
    script = f"""
import ray
from cluster.local import is_running, ray_session
from shelftag.config.scaling import ScalingConfig
with ray_session(ScalingConfig(object_store_gb=0.1)):
    def work(): {work}
    print(ray.get(ray.remote(work).remote()), is_running())
"""
    file = tmp_path / "bin" / "script.py"
    file.parent.mkdir()
    file.write_text(script)
    done = subprocess.run([sys.executable, str(file)], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == f"('{shelftag.__version__}', True) True\n", done.stderr
