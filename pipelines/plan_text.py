"""A plan in words."""

from collections.abc import Iterator

from shelftag.config import Config
from shelftag.sizing import plan_parts as parts
from shelftag.sizing.constants import CONSTANTS, Constant
from shelftag.sizing.plan_parts import Machines, Plan, Serving, Work
from shelftag.sizing.ranges import Range

UNITS = ((2 * 86_400, 86_400, "d"), (2 * 3600, 3600, "h"), (120, 60, "min"), (0, 1, "s"))
"""From so many seconds on, so many are one of these."""


def asked(work: Work, config: Config, machines: Machines, changed: str) -> Iterator[str]:
    """What is planned."""
    where = "an object store" if machines.store else "disks that all machines see"
    yield f"{_count(work.skus)} SKUs, {_count(work.names)} distinct names, on {where}"
    yield (
        f"{config.model.base}, {config.train.objective}, learned from {_count(work.labelled)} "
        f"products of {_count(work.lines)} order lines"
    )
    yield (
        f"{machines.count} x {machines.rented.name}, ${machines.price:g} an hour each "
        f"({machines.rented.instance}); training on {config.scaling.workers}"
    )
    if changed:
        yield f"with {changed}, as doctor proposes"


def times(seconds: Range) -> tuple[str, str]:
    """The likely time, and its ends in the same unit: ("2.1 h", "1.2 to 4")."""
    _, unit, name = next(row for row in UNITS if seconds.likely >= row[0])
    low, likely, high = (_short(end / unit) for end in _ends(seconds))
    return f"{likely} {name}", f"{low} to {high}"


def dollars(cost: Range) -> tuple[str, str]:
    """The likely cost, and its ends."""
    low, likely, high = (_money(end) for end in _ends(cost))
    return f"${likely}", f"{low} to {high}"


def request_rate(serving: Serving) -> str:
    """What serving on all of it would be."""
    low, likely, high = (_short(end) for end in _ends(serving.requests))
    million = serving.hour / 3600 / serving.requests.likely * 1e6
    return (
        f"serve: {likely} requests/s ({low} to {high}) on all of it, ${_money(serving.hour)} an "
        f"hour, ${_money(million)} a million; bound by {serving.bound}"
    )


def bottleneck(found: Plan) -> str:
    """Which stage, and what it waits for."""
    stage = found.bottleneck
    whole, seconds = found.seconds.likely, stage.seconds.likely
    bound = stage.bounds[stage.bound].likely
    return (
        f"bottleneck: {stage.name}, {seconds / whole:.0%} of the time; "
        f"{bound / seconds:.0%} of that is {stage.bound}"
    )


def advice(found: Plan, config: Config, machines: Machines) -> str:
    """What would halve the bottleneck."""
    stage = found.bottleneck
    ways = _training_ways(config) if stage.name == "train" else _ways(config, machines)
    return f"to halve it: {ways[stage.bound]}"


def assumptions(found: Plan) -> Iterator[str]:
    """The constants behind a twentieth of the time or more."""
    least = found.seconds.likely / 20
    terms = (term for stage in found.stages for term in stage.terms)
    used = (one for term in terms if term.seconds.likely >= least for one in term.rests_on)
    yield "rests on (low / likely / high; where they come from: shelftag plan --sources)"
    for constant in dict.fromkeys(used):
        yield f"  {constant.name}: {_value(constant)}"


def sources() -> Iterator[str]:
    """Every constant, with where it comes from."""
    for constant in CONSTANTS:
        yield f"{constant.name}: {_value(constant)}"
        yield f"    {constant.source}"


def _ways(config: Config, machines: Machines) -> dict[str, str]:
    """For each thing waited for."""
    tagging = config.tagging
    twice = f"--count {2 * machines.count}, at the same cost"
    blocks = f"tagging.rows_per_block={2 * tagging.rows_per_block}, if memory allows"
    batch = f"tagging.batch_size={2 * tagging.batch_size}"
    return {
        parts.CORES: twice,
        parts.ARITHMETIC: f"{twice}; or a smaller --model; or tag only what changed (--since)",
        parts.WEIGHTS: batch,
        parts.LAUNCHES: batch,
        parts.FIXED: "one job in place of several: it does not grow",
        parts.LOADING: "the base on the machines' own disks",
        parts.NETWORK: f"{twice}; or machines with more network",
        parts.DRIVER: blocks,
        parts.LATENCY: f"{blocks}; or --local",
        parts.REQUESTS: f"{blocks}; or --local",
    }


def _training_ways(config: Config) -> dict[str, str]:
    train, workers = config.train, config.scaling.workers
    size = 2 * train.per_device_train_batch_size
    batch = f"train.per_device_train_batch_size={size} (another recipe: fewer, larger steps)"
    more = f"scaling.workers={2 * workers}"
    return {
        parts.CORES: f"{more}, or half of train.epochs",
        parts.ARITHMETIC: f"{more}, or a GPU twice as fast",
        parts.WEIGHTS: batch,
        parts.LAUNCHES: batch,
        parts.GATHERS: f"{batch}; or GPUs with NVLink; or scaling.strategy=ddp where it fits",
        parts.FIXED: "nothing: it does not grow",
        parts.LOADING: "the base on the machines' own disks",
    }


def _ends(value: Range) -> tuple[float, float, float]:
    return value.low, value.likely, value.high


def _value(constant: Constant) -> str:
    ends = _ends(constant.value)
    shown = ends[:1] if len(set(ends)) == 1 else ends
    return f"{' / '.join(f'{end:g}' for end in shown)} {constant.unit}".rstrip()


def _short(value: float) -> str:
    """Two figures, or whole tens: no more is known."""
    if value >= 100:
        return f"{float(f'{value:.2g}'):,.0f}"
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _money(value: float) -> str:
    if value < 0.005:
        return "0.00" if value < 0.0005 else "0.01"
    return _short(value) if value >= 10 else f"{value:.2f}"


def _count(value: float) -> str:
    for unit, name in ((1e9, " billion"), (1e6, " million")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:,.0f}"
