"""A Run, ready to tag: the same answer for the same name everywhere.

texts -> unique, not in the cache -> Scorer -> logits -> probabilities -> department, confidence,
alternatives, candidates, status
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shelftag.artifacts import Run
from shelftag.catalog.departments import Departments
from shelftag.config.tagging import TaggingConfig
from shelftag.evaluation.selective import NEVER
from shelftag.model.base import InferenceForm
from shelftag.model.linear_aisles import AisleModel
from shelftag.model.shared import SharedBases
from shelftag.model.tokens import load_tokenizer
from shelftag.tagging.calibration import Calibration
from shelftag.tagging.candidates import candidates_of
from shelftag.tagging.ensemble import Ensemble
from shelftag.tagging.identity import check_run
from shelftag.tagging.new_departments import extended, with_new
from shelftag.tagging.scorer import Scorer, scorer_of
from shelftag.tagging.threaded import Threads

TAGGED, REVIEW = "tagged", "review"
LONGEST_REMEMBERED = 300
"""Characters: `tagging.cache_size` counts texts, and long descriptions hardly come twice."""


@dataclass(frozen=True)
class Tag:
    """What one product is told."""

    department: str
    confidence: float
    """Calibrated probability that the department is right, a float32 value."""
    status: str
    """`tagged`, or `review` when the confidence is under the threshold."""
    alternatives: tuple[tuple[str, float], ...]
    """The next departments and their probabilities, likeliest first."""
    candidates: tuple[str, ...]
    """Departments one of which is right, as often as the Run's `candidates_level` says, likeliest
    first; empty for a Run that was calibrated without."""


@dataclass(frozen=True)
class Ranking:
    """The k likeliest departments of n texts, likeliest first."""

    departments: NDArray[np.int64]
    """Positions in the label set, [n, k]."""
    confidence: NDArray[np.float32]
    """Calibrated probabilities, [n, k]."""
    review: NDArray[np.bool_]
    """Whether the first is under its threshold, [n]."""
    candidates: NDArray[np.int64]
    """Positions, likeliest first, and -1 in place of what is no candidate, [n, departments]."""


class Tagger:
    """Loads once, then tags texts made by `catalog.text`."""

    def __init__(
        self,
        scorer: Scorer | Ensemble,
        departments: Departments,
        calibration: Calibration,
        tagging: TaggingConfig,
        threads: Threads | None = None,
    ) -> None:
        self.departments = departments
        self.calibration = calibration
        self._scorer = scorer
        self._tagging = tagging
        self._threads = threads or Threads()
        self._cache: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self.scored = 0
        """Texts that went through the model so far: the others were remembered."""

    @classmethod
    def load(
        cls, run: Run, tagging: TaggingConfig, bases: SharedBases | None = None, threads: int = 1
    ) -> "Tagger":
        """Read a Run in its frozen inference form, over one of `bases` where it can.

        `threads` score (`scaling.threads_per_worker`): torch's own number is not asked, which
        another thread may have changed a moment ago.

        Raises:
            ArtifactError: the Run is incomplete, or not as `train` left it.
            ConfigError: the Run cannot take the new departments.
        """
        checked = check_run(run)
        departments = extended(checked.departments, tagging.new_departments, checked.form)
        scorer = load_scorer(run, departments, checked.form, tagging.batch_size, bases)
        scoring = Threads(threads, of_torch=not checked.form.products)
        return cls(scorer, departments, checked.calibration, tagging, scoring)

    def configured(self, tagging: TaggingConfig) -> "Tagger":
        """The same weights and remembered names with another threshold or top_k."""
        other = Tagger(self._scorer, self.departments, self.calibration, tagging, self._threads)
        other._cache = self._cache  # logits, which no setting changes
        return other

    @property
    def threshold(self) -> float:
        """Confidence below which a tag is for review."""
        override = self._tagging.threshold
        return self.calibration.threshold if override is None else override

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Calibrated, [len(texts), departments], rows sum to 1."""
        return with_new(self.logits(texts), self.calibration, self._new)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The Scorer's, [len(texts), departments]. Each text is scored once."""
        rows = {text: self._cache[text] for text in texts if text in self._cache}
        unseen = list(dict.fromkeys(text for text in texts if text not in rows))
        logits = np.empty((0, len(self.departments)), np.float32)
        if unseen:
            logits = self._threads.logits(self._scorer.logits, unseen)
        self.scored += len(unseen)
        if self._tagging.cache_size:
            own = map(np.copy, logits)  # a view would keep the whole batch alive
            rows.update(zip(unseen, own, strict=True))
            self._remember(rows)
        if len(unseen) == len(texts):
            return logits
        place = {text: row for row, text in enumerate(unseen)}
        return np.stack([rows[text] if text in rows else logits[place[text]] for text in texts])

    def chosen_alone(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """What the Llama chooses without the linear model that helps it, [len(texts)]."""
        scorer = self._scorer
        alone = scorer.scorer if isinstance(scorer, Ensemble) else scorer
        return np.asarray(alone.logits(texts).argmax(axis=1), np.int64)

    def rank(self, texts: Sequence[str], top_k: int | None = None) -> Ranking:
        """What a Tag is made of, as arrays; `top_k` in place of the configured one."""
        return self.ranked(self.probabilities(texts), top_k)

    def ranked(self, likely: NDArray[np.float32], top_k: int | None = None) -> Ranking:
        """The same of probabilities [n, departments]."""
        order = np.argsort(-likely, axis=1, kind="stable")
        top = order[:, : top_k or self._tagging.top_k]
        confidence = np.take_along_axis(likely, top, axis=1)
        review = confidence[:, 0] < self._floors[top[:, 0]]
        return Ranking(top, confidence, review, np.where(self._held(likely, order), order, -1))

    def _held(self, likely: NDArray[np.float32], order: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which departments are candidates, in their order, [n, departments]."""
        bound = self.calibration.candidates_bound
        if bound is None:
            return np.zeros(order.shape, np.bool_)
        inside = candidates_of(likely, bound)
        inside[:, self._new] = False  # the bound says nothing of them
        return np.take_along_axis(inside, order, axis=1)

    def tag(self, texts: Sequence[str], top_k: int | None = None) -> list[Tag]:
        """One Tag a text, in order; `top_k` in place of the configured one."""
        ranking = self.rank(texts, top_k)
        names = self.departments.names
        tags = []
        for order, confidence, review, candidates in zip(
            ranking.departments.tolist(),
            ranking.confidence.tolist(),
            ranking.review.tolist(),
            ranking.candidates.tolist(),
            strict=True,
        ):
            first, *others = zip((names[i] for i in order), confidence, strict=True)
            held = tuple(names[i] for i in candidates if i >= 0)
            tags.append(Tag(*first, REVIEW if review else TAGGED, tuple(others), held))
        return tags

    @cached_property
    def _floors(self) -> NDArray[np.float64]:
        """The confidence each department needs, [departments]; infinite where none is enough."""
        if self._tagging.threshold is not None:
            floors = np.full(len(self.departments), self._tagging.threshold)
        else:
            own, common = self.calibration.thresholds, self.calibration.threshold
            floors = np.array([own.get(name, common) for name in self.departments.names])
            floors = np.where(floors < NEVER, floors, np.inf)
        floors[self._new] = np.inf  # nothing was calibrated for them
        return floors

    @cached_property
    def _new(self) -> list[int]:
        """Positions of the departments that the Run has not learned."""
        return [self.departments.index[name] for name in self._tagging.new_departments]

    def _remember(self, rows: dict[str, NDArray[np.float32]]) -> None:
        for text, row in rows.items():
            if len(text) <= LONGEST_REMEMBERED:
                self._cache[text] = row
                self._cache.move_to_end(text)
        while len(self._cache) > self._tagging.cache_size:
            self._cache.popitem(last=False)


def load_scorer(
    run: Run,
    departments: Departments,
    form: InferenceForm,
    batch_size: int,
    bases: SharedBases | None = None,
) -> Scorer | Ensemble:
    """The Scorer of a Run's adapter, also before the Run is complete."""
    tokenizer = load_tokenizer(run.adapter_dir)
    pad = tokenizer.pad_token_id  # by which a head finds the last token
    model = (bases or SharedBases()).load(run.adapter_dir, departments, form, pad)
    model.config.pad_token_id = pad
    scorer = scorer_of(model, tokenizer, departments, form, batch_size)
    if not form.linear_weight:
        return scorer
    return Ensemble(scorer, AisleModel.load(run.linear_aisles_dir), form.linear_weight)
