"""From a Run's folder to something that answers."""

from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import islice
from pathlib import Path

from serve.problems import Problem
from serve.service import ModelCard
from shelftag.artifacts import Run, read_json
from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ArtifactError
from shelftag.model.shared import SharedBases
from shelftag.tagging.tagger import Tagger

WARM_UP = 256
"""Names a Run is asked when it is loaded: a whole batch, with its pieces, threads and memory."""

NAMED = 50
"""Runs that an answer names, of all in the folder."""


@dataclass(frozen=True)
class Loaded:
    """A Run that can be asked."""

    run: Run
    tagger: Tagger
    card: ModelCard

    def configured(self, tagging: TaggingConfig) -> "Loaded":
        """The same weights with other settings."""
        tagger = self.tagger.configured(tagging)
        return replace(
            self, tagger=tagger, card=self.card.model_copy(update={"threshold": tagger.threshold})
        )


def load(run: Run, tagging: TaggingConfig, bases: SharedBases, threads: int = 1) -> Loaded:
    """Load a Run and ask it a batch, so that the first requests do not pay for that.

    Runs over the same base share it, where their form leaves it whole.

    Raises:
        ArtifactError: the Run is incomplete, or not as `train` left it.
        ConfigError: its base cannot be loaded.
    """
    fingerprint = run.manifest().fingerprint
    tagger = Tagger.load(run, tagging, bases, threads)
    tagger.rank([f"warm up {number} g" for number in range(WARM_UP)])
    accuracy, rows = _test_accuracy(run, fingerprint)
    card = ModelCard(
        name=run.path.name,
        fingerprint=fingerprint,
        departments=tagger.departments.names,
        threshold=tagger.threshold,
        test_accuracy=accuracy,
        test_rows=rows,
    )
    return Loaded(run, tagger, card)


def _test_accuracy(run: Run, fingerprint: str) -> tuple[float | None, int | None]:
    """Of its evaluation, where there is one and it is of these very weights."""
    try:
        scores = read_json(run.scores_file)
        test = scores["model"]["test"]
        if scores["run"] != fingerprint or scores["not_its_own"]:
            return None, None
        return float(test["accuracy"]), int(scores["rows_scored"]["test"])
    except (ArtifactError, KeyError, TypeError, ValueError):
        return None, None


def find_run(name: str, root: Path | None) -> Run:
    """A Run under the configured folder, by its name.

    Raises:
        Problem: 404, there is none of that name; links out of the folder count as none.
    """
    run = None if root is None else _inside(name, root)
    if run is None:
        there = "no other models are configured (serve.models_root)"
        if root is not None:
            there = f"there are {', '.join(_names(root)) or 'none'}"
        raise Problem(HTTPStatus.NOT_FOUND, f"model {name[:100]!r} is unknown: {there}")
    return run


def _inside(name: str, root: Path) -> Run | None:
    """The Run, if it is a folder of this very name that lies in the root itself."""
    try:
        run = Run((root / name).resolve())
        here = (run.path.parent, run.path.name) == (root.resolve(), name)
        return run if here and run.is_complete else None
    except (OSError, ValueError, RuntimeError):  # NUL, too long, a loop of links
        return None


def _names(root: Path) -> list[str]:
    names = sorted(path.parent.name for path in root.glob("*/manifest.json"))
    return list(islice((name for name in names if _inside(name, root)), NAMED))
