"""What makes a Run that Run: change any of it, and its tags may change."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelftag.artifacts import Run, RunManifest, fingerprint, read_json
from shelftag.catalog.departments import Departments
from shelftag.errors import ArtifactError
from shelftag.model.base import InferenceForm
from shelftag.tagging.calibration import Calibration, load_calibration


@dataclass(frozen=True)
class CheckedRun:
    """What the small files of a whole Run say."""

    manifest: RunManifest
    departments: Departments
    calibration: Calibration
    form: InferenceForm


def check_run(run: Run) -> CheckedRun:
    """Read a Run's small files and compare its fingerprint; no model is loaded, so it is quick.

    Raises:
        ArtifactError: the Run is incomplete, or not as `train` left it.
    """
    manifest = run.manifest()
    departments = read_departments(run)
    calibration = load_calibration(run.calibration_file, departments)
    form = _form(run, manifest)
    found = run_fingerprint(run, manifest.inference)
    if found != manifest.fingerprint:
        raise ArtifactError(
            f"Run {run.path} was changed after training (fingerprint {found[:8]}, not "
            f"{manifest.fingerprint[:8]})",
            "take the folder as `train` left it, or train again",
        )
    return CheckedRun(manifest, departments, calibration, form)


def run_fingerprint(run: Run, inference: dict[str, Any]) -> str:
    """Over weights, tokenizer, departments, calibration, inference form, a made base, and the
    linear model where it helps.

    The form is taken as the manifest has it: one that learns a new field stays what it was.

    A base of the hub or of another folder is named, not read: pin it by `model.revision`.
    """
    parts: list[str | Path] = [json.dumps(inference, sort_keys=True)]
    linear = (run.linear_aisles_dir,) if inference.get("linear_weight") else ()
    for folder in (run.adapter_dir, run.base_dir, *linear):
        for file in sorted(folder.glob("*")):
            if file.suffix in (".json", ".safetensors"):
                parts += [f"{folder.name}/{file.name}", file]
    return fingerprint(*parts)


def _form(run: Run, manifest: RunManifest) -> InferenceForm:
    try:
        return InferenceForm(**manifest.inference)
    except TypeError as error:
        problem = f"{run.manifest_file} has no inference form ({error})"
        raise ArtifactError(problem, "take the folder as `train` left it") from None


def read_departments(run: Run) -> Departments:
    """The label set beside the adapter.

    Raises:
        ArtifactError: departments.json is missing or broken.
    """
    names = read_json(run.departments_file).get("departments")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ArtifactError(f"{run.departments_file} names no departments", "train again")
    return Departments(tuple(names))
