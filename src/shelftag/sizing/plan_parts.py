"""What a plan is made of: the work, the machines, and for each stage what it waits for."""

from collections.abc import Iterable
from dataclasses import dataclass

from shelftag.sizing.constants import Constant
from shelftag.sizing.ranges import ZERO, Range
from shelftag.sizing.rented import Rented

CORES = "cores"
ARITHMETIC = "arithmetic"
WEIGHTS = "reading weights"
LAUNCHES = "Python"
GATHERS = "traffic between GPUs"
FIXED = "start"
LOADING = "loading the base"
NETWORK = "network to the store"
DRIVER = "the driver"
LATENCY = "waiting for the store"
REQUESTS = "store requests"


@dataclass(frozen=True)
class Work:
    """How much there is."""

    skus: int
    """Rows to tag."""
    names: int
    """Distinct names among them: each is scored once."""
    lines: int
    """Order lines that the labelled products come from."""
    labelled: int
    """Products with a department."""


@dataclass(frozen=True)
class Machines:
    """What is rented."""

    rented: Rented
    count: int
    price: float
    """Dollars an hour for one."""
    store: bool = True
    """Tables and outputs are on an object store; else on disks that all of them see."""

    @property
    def cores(self) -> int:
        return self.count * self.rented.cores

    @property
    def hour(self) -> float:
        """Dollars for all of them."""
        return self.count * self.price


@dataclass(frozen=True)
class Term:
    """Part of a stage's time."""

    bound: str
    """What it waits for."""
    seconds: Range
    rests_on: tuple[Constant, ...]


@dataclass(frozen=True)
class Stage:
    """One verb."""

    name: str
    terms: tuple[Term, ...]
    hour: float
    """Dollars for all that it uses."""
    fees: Range = ZERO
    """Dollars beside."""

    @property
    def seconds(self) -> Range:
        return total(self.terms)

    @property
    def cost(self) -> Range:
        """Dollars."""
        return self.seconds * (self.hour / 3600) + self.fees

    @property
    def bound(self) -> str:
        """What it waits for longest."""
        return max(self.bounds, key=lambda bound: self.bounds[bound].likely)

    @property
    def bounds(self) -> dict[str, Range]:
        """Seconds for each thing it waits for."""
        names = dict.fromkeys(term.bound for term in self.terms)
        return {name: total(term for term in self.terms if term.bound == name) for name in names}


@dataclass(frozen=True)
class Serving:
    """What the machines answer, all busy."""

    requests: Range
    """Of one name, a second."""
    bound: str
    hour: float
    """Dollars."""


@dataclass(frozen=True)
class Plan:
    """All of it."""

    stages: tuple[Stage, ...]
    serving: Serving

    @property
    def bottleneck(self) -> Stage:
        return max(self.stages, key=lambda stage: stage.seconds.likely)

    @property
    def seconds(self) -> Range:
        return sum((stage.seconds for stage in self.stages), ZERO)


def total(terms: Iterable[Term]) -> Range:
    """Seconds of terms that follow one another."""
    return sum((term.seconds for term in terms), ZERO)
