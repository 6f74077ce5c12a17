"""What a whole job takes: time, cost, and what each stage waits for.

    Work + Shape + Config + Machines --> prepare -> train -> evaluate -> tag, and serve

A stage is a sum of terms that follow one another; what goes on beside them (the driver, requests
to the object store) counts only where it takes longer than they do. No GPU's part was run.
"""

from math import ceil

from shelftag.config import Config
from shelftag.sizing import constants
from shelftag.sizing import plan_parts as parts
from shelftag.sizing.constants import Constant
from shelftag.sizing.plan_parts import Machines, Plan, Serving, Stage, Term, Work, total
from shelftag.sizing.plan_tag import Exchange, exchange
from shelftag.sizing.ranges import ZERO, Range
from shelftag.sizing.rented import Rented
from shelftag.sizing.shapes import Shape
from shelftag.sizing.steps import Step, forward, name_tokens, tokens_per_name, training_step

MICRO, MILLI = 1e-6, 1e-3
CSV_BYTES = 21
"""Of an order line."""
START = Term(parts.FIXED, constants.START.value, (constants.START,))
TAG_START = Term(parts.FIXED, constants.TAG_START.value, (constants.TAG_START,))


def plan(work: Work, shape: Shape, config: Config, machines: Machines) -> Plan:
    """Every stage, one after another, each with what it needs of the machines."""
    stages = (
        prepare(work, config, machines),
        train(work, shape, config, machines),
        evaluate(work, shape, config, machines),
        tag(work, shape, config, machines),
    )
    return Plan(stages, serving(shape, config, machines))


def prepare(work: Work, config: Config, machines: Machines) -> Stage:
    """Each core takes one piece of `data.block_bytes` after another."""
    pieces = max(1, ceil(CSV_BYTES * work.lines / config.data.block_bytes))
    lines_each = ceil(pieces / machines.cores) * work.lines / pieces
    cores = _term(parts.CORES, lines_each * MICRO, constants.PREPARE)
    network = _network(work.lines, constants.LINE_BYTES, machines)
    return Stage("prepare", (START, cores, network), machines.hour)


def train(work: Work, shape: Shape, config: Config, machines: Machines) -> Stage:
    """On `scaling.workers` of the devices; without a GPU a worker has several cores."""
    workers, rented = config.scaling.workers, machines.rented
    names = work.labelled * config.data.train_share * config.train.epochs
    fixed = _term(parts.FIXED, 1, constants.TRAIN_FIXED)
    if own_pass(config, rented):
        cores = workers * config.scaling.threads_per_worker
        steps = _term(parts.CORES, names * MILLI / cores, constants.NANO_TRAIN)
        return Stage("train", (START, fixed, steps), machines.price * cores)
    batch = config.train.per_device_train_batch_size
    tokens = batch * tokens_per_name(shape, config)
    step = training_step(shape, config, rented, workers, tokens)
    count = ceil(names / (batch * workers))
    terms = (START, fixed, _load(shape, config), *_steps(step, count, shape, config, rented))
    return Stage("train", terms, machines.price * workers)


def evaluate(work: Work, shape: Shape, config: Config, machines: Machines) -> Stage:
    """Calibration's pass over valid, and `evaluate` with its pass over test, on one device."""
    one = Machines(machines.rented, 1, machines.price)
    names = round(work.labelled * (1 - config.data.train_share))
    fixed = _term(parts.FIXED, 1, constants.EVALUATE)
    terms = (START, fixed, _load(shape, config), *_scored(names, shape, config, one))
    return Stage("evaluate", terms, one.hour)


def tag(work: Work, shape: Shape, config: Config, machines: Machines) -> Stage:
    """Each row read twice and written once, each distinct name scored once."""
    cut = exchange(work, config.tagging)
    spread = (
        _load(shape, config),
        _term(parts.CORES, work.skus * MICRO / machines.cores, constants.TAG_ROW),
        _term(parts.CORES, work.names * MICRO / machines.cores, constants.NAME_FILES),
        *_scored(work.names, shape, config, machines),
        *_exchanged(work, cut, config, machines),
    )
    driver = (cut.tasks * constants.TASK_S.value).beyond(total(spread))
    asked = (cut.requests / constants.STORE_REQUESTS.value).beyond(total(spread))
    beside = Term(parts.DRIVER, driver, (constants.TASK_S,))
    if not machines.store:
        return Stage("tag", (TAG_START, *spread, beside), machines.hour)
    limit = Term(parts.REQUESTS, asked, (constants.STORE_REQUESTS,))
    fees = cut.requests * MICRO * constants.STORE_DOLLARS.value
    return Stage("tag", (TAG_START, *spread, beside, limit), machines.hour, fees)


def serving(shape: Shape, config: Config, machines: Machines) -> Serving:
    """A copy on each GPU, or on two cores: as the endpoint was measured, or as the model can."""
    ingress, bound = constants.SERVE.value, "the HTTP ingress"
    if own_pass(config, machines.rented):
        return Serving(max(1, machines.count // 2) * ingress, bound, machines.hour)
    size = config.tagging.batch_size
    tokens = size * tokens_per_name(shape, config)
    model = size / forward(shape, config, machines.rented, tokens).seconds
    if model.likely < ingress.likely:
        return Serving(machines.count * model, "the model", machines.hour)
    return Serving(machines.count * ingress, bound, machines.hour)


def own_pass(config: Config, rented: Rented) -> bool:
    """Whether what was measured here stands for it: nano on cores."""
    return config.model.base == "nano" and not rented.is_gpu


def _scored(names: int, shape: Shape, config: Config, machines: Machines) -> tuple[Term, ...]:
    """The model over distinct names, spread over all devices."""
    each = names * MICRO / machines.cores
    if own_pass(config, machines.rented):
        nano, busy = constants.NANO_NAME, constants.BUSY
        return (Term(parts.CORES, each * nano.value / busy.value, (nano, busy)),)
    size = config.tagging.batch_size
    step = forward(shape, config, machines.rented, size * tokens_per_name(shape, config))
    count = names / size / machines.count
    feed = _term(parts.CORES, each, constants.FEED_NAME)
    return (*_steps(step, count, shape, config, machines.rented), feed)


def _steps(
    step: Step, count: float, shape: Shape, config: Config, rented: Rented
) -> tuple[Term, ...]:
    """So many of them, in their four parts."""
    unpacked = () if config.model.quantization == "none" else (constants.UNPACK,)
    return (
        Term(parts.ARITHMETIC, count * step.arithmetic, (rented.mfu, name_tokens(shape, config))),
        Term(parts.WEIGHTS, count * step.weights, unpacked),
        Term(parts.LAUNCHES, count * step.launches, (constants.LAUNCH,)),
        Term(parts.GATHERS, count * step.gathers, (constants.LINK_SHARE,)),
    )


def _load(shape: Shape, config: Config) -> Term:
    """The base's 16-bit files, read by each machine; nano is made here, and small."""
    stored = 0 if config.model.base == "nano" else 2 * shape.parameters()
    return Term(parts.LOADING, stored / (1e9 * constants.LOAD.value), (constants.LOAD,))


def _exchanged(work: Work, cut: Exchange, config: Config, machines: Machines) -> tuple[Term, ...]:
    """Rows and names through the object store."""
    scorers = machines.count  # one on each GPU, and of nano on each core
    if not (machines.rented.is_gpu or own_pass(config, machines.rented)):
        scorers = max(1, machines.count // config.scaling.threads_per_worker)
    waiting = cut.waiting(scorers, machines.cores) if machines.store else ZERO
    return (
        _network(work.skus, constants.ROW_BYTES, machines),
        _network(work.names, constants.NAME_BYTES, machines, more=cut.footers),
        Term(parts.LATENCY, waiting, (constants.STORE_LATENCY, constants.READ_REQUESTS)),
    )


def _network(rows: int, row: Constant, machines: Machines, more: int = 0) -> Term:
    if not machines.store:
        return Term(parts.NETWORK, ZERO, ())
    speed = machines.count * machines.rented.network
    return Term(parts.NETWORK, (rows * row.value + more) / speed, (row,))


def _term(bound: str, times: float, constant: Constant) -> Term:
    return Term(bound, times * constant.value, (constant,))


def fixed_seconds(stage: Stage) -> Range:
    """What of a stage does not grow."""
    return total(term for term in stage.terms if term.bound in (parts.FIXED, parts.LOADING))
