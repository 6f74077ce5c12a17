"""What a job of any size takes: time, cost and bottleneck of each stage; no Ray, no torch.

--skus --model --gpu --count --> Work, Machines --plan--> a table, the bottleneck, assumptions
"""

from rich import box
from rich.console import Console
from rich.table import Table

from pipelines import plan_text
from shelftag.config import Config
from shelftag.errors import ConfigError
from shelftag.sizing.fitting import fitting
from shelftag.sizing.plan import plan
from shelftag.sizing.plan_parts import Machines, Plan, Work
from shelftag.sizing.rented import rented_named
from shelftag.sizing.shapes import shape_of

WIDTH = 100
LARGEST = 1e13


def main(
    *,
    skus: str,
    names: str | None,
    lines: str,
    labelled: str,
    gpu: str,
    count: str,
    price: str | None,
    local: bool,
    sources: bool,
    config: Config,
) -> None:
    """Print the plan.

    Raises:
        ConfigError: a number that is none, or a GPU or base that is not known.
        Failed: the model does not fit these machines; with what would.
    """
    if sources:
        print(*plan_text.sources(), sep="\n")
        return
    work = _work(skus, names, lines, labelled)
    rented = rented_named(gpu)
    each = rented.price if price is None else _number("price", price, least=0)
    machines = Machines(rented, _whole("count", count), each, store=not local)
    shape = shape_of(config.model)
    config, changed = fitting(shape, config, machines)
    found = plan(work, shape, config, machines)
    _show(work, config, machines, found, changed)


def _work(skus: str, names: str | None, lines: str, labelled: str) -> Work:
    rows = _whole("skus", skus)
    distinct = rows if names is None else _whole("names", names)
    if distinct > rows:
        raise ConfigError(f"--names {names} is more than --skus {skus}", "name at most as many")
    return Work(rows, distinct, _whole("lines", lines), _whole("labelled", labelled))


def _whole(option: str, text: str) -> int:
    value = _number(option, text, least=1)
    if value != int(value):
        raise ConfigError(f"--{option} {text} is not a whole number", "as in 1e9 or 1_000_000")
    return int(value)


def _number(option: str, text: str, least: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ConfigError(f"--{option} {text} is not a number", "as in 1e9 or 1_000_000") from None
    if not least <= value <= LARGEST:
        rule = f"must be from {least:g} to {LARGEST:g}"
        raise ConfigError(f"--{option} {text} {rule}", "name a number in that range")
    return value


def _show(work: Work, config: Config, machines: Machines, found: Plan, changed: str) -> None:
    """As wide on every terminal, so that it can be kept in a file."""
    console = Console(width=WIDTH, highlight=False)
    console.print(*plan_text.asked(work, config, machines, changed), sep="\n")
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("stage", "likely", "low to high", "cost", "low to high", "bound by"):
        table.add_column(name, justify="left" if name in ("stage", "bound by") else "right")
    for stage in found.stages:
        likely, ends = plan_text.times(stage.seconds)
        cost, costs = plan_text.dollars(stage.cost)
        table.add_row(stage.name, likely, ends, cost, costs, stage.bound)
    console.print(table)
    console.print(plan_text.request_rate(found.serving))
    console.print(plan_text.bottleneck(found))
    console.print(plan_text.advice(found, config, machines))
    console.print(*plan_text.assumptions(found), sep="\n")
