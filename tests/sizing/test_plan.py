"""A plan follows its work and its machines, names what it waits for, and refuses what cannot be."""

from dataclasses import replace

import pytest

from shelftag.config import Config, load_config
from shelftag.errors import ConfigError, Failed
from shelftag.sizing import plan_parts as parts
from shelftag.sizing import plan_tag
from shelftag.sizing.fitting import fitting
from shelftag.sizing.gpus import GPUS
from shelftag.sizing.plan import plan, prepare, tag, train
from shelftag.sizing.plan_parts import Machines, Plan, Work
from shelftag.sizing.plan_tag import exchange
from shelftag.sizing.rented import RENTED, rented_named
from shelftag.sizing.shapes import shape_of
from tests.presets import preset

CATALOG = Work(skus=10**9, names=10**9, lines=33_819_106, labelled=49_688)
LLAMA = preset("llama2_7b_t4")
SHAPE = shape_of(LLAMA.model)


def machines(name: str, count: int, *, store: bool = False) -> Machines:
    rented = RENTED[name]
    return Machines(rented, count, rented.price, store)


def planned(config: Config, name: str, count: int) -> Plan:
    return plan(CATALOG, shape_of(config.model), config, machines(name, count))


def test_tagging_is_the_bulk_and_is_bound_by_arithmetic() -> None:
    found = planned(LLAMA, "l4", 64)
    assert [stage.name for stage in found.stages] == ["prepare", "train", "evaluate", "tag"]
    assert found.bottleneck.name == "tag"
    assert found.bottleneck.bound == parts.ARITHMETIC
    assert found.serving.bound == "the model"
    assert all(stage.seconds.ordered and stage.cost.ordered for stage in found.stages)


def test_twice_the_gpus_take_half_the_time_at_the_same_cost() -> None:
    one, two = (tag(CATALOG, SHAPE, LLAMA, machines("l4", count)) for count in (64, 128))
    assert two.seconds.likely / one.seconds.likely == pytest.approx(0.5, abs=0.01)
    assert two.cost.likely / one.cost.likely == pytest.approx(1, abs=0.01)


def test_a_name_that_stands_on_many_rows_is_scored_once() -> None:
    few = replace(CATALOG, names=10**7)
    found = [tag(work, SHAPE, LLAMA, machines("l4", 64)).bounds for work in (CATALOG, few)]
    whole, once = (bounds[parts.ARITHMETIC].likely for bounds in found)
    assert once == pytest.approx(whole / 100)


def test_a_step_of_four_names_waits_for_the_weights_whatever_the_gpu() -> None:
    """So a faster GPU hardly trains faster, and a larger batch does."""
    larger = preset("llama2_7b_t4", "train.per_device_train_batch_size=64")
    small, large = (train(CATALOG, SHAPE, config, machines("t4", 1)) for config in (LLAMA, larger))
    assert small.bound == parts.WEIGHTS
    assert large.bound == parts.ARITHMETIC
    assert small.seconds.likely > 4 * large.seconds.likely


def test_an_object_store_is_asked_more_than_it_answers() -> None:
    """Reads of the exchange grow with the square of the catalog; larger pieces are the way out."""
    nano, there = Config(), machines("cpu", 256, store=True)
    found = tag(CATALOG, shape_of(nano.model), nano, there)
    assert found.bound in (parts.LATENCY, parts.REQUESTS)
    assert found.fees.likely > 10
    larger = load_config(overrides=["tagging.rows_per_block=4194304"])
    assert tag(CATALOG, SHAPE, larger, there).seconds.likely < found.seconds.likely / 4
    assert tag(CATALOG, shape_of(nano.model), nano, machines("cpu", 256)).bound == parts.CORES


def test_the_exchange_is_cut_as_the_bulk_job_cuts_it() -> None:
    from shelftag.artifacts.places import READERS
    from shelftag.tagging.bulk.groups import groups
    from shelftag.tagging.bulk.names import slot_bits
    from shelftag.tagging.pieces import GROUP_BYTES

    assert (plan_tag.GROUP_BYTES, plan_tag.READERS) == (GROUP_BYTES, READERS)
    tagging = Config().tagging
    for rows in (1000, 300_000, 5_000_000, 10**9):
        cut = exchange(replace(CATALOG, skus=rows, names=rows), tagging)
        bits = slot_bits(rows)
        assert cut.slots == 2**bits
        evenly = [[rows // cut.slots] * cut.slots]
        assert cut.groups == len(groups(evenly, tagging.names_per_block))


def test_prepare_goes_in_rounds_of_pieces() -> None:
    """63 MB of lines are one piece, which one core takes; cores beyond the pieces are idle."""
    small = replace(CATALOG, lines=3_000_000)
    times = [prepare(small, Config(), machines("cpu", count)).seconds for count in (1, 2, 64)]
    assert times[0] == times[1] == times[2]
    whole = [prepare(CATALOG, Config(), machines("cpu", count)).seconds for count in (1, 2)]
    assert whole[1].likely < whole[0].likely


def test_every_gpu_that_doctor_knows_can_be_rented() -> None:
    assert set(RENTED) == {*GPUS, "cpu"}
    with pytest.raises(ConfigError, match="--gpu rtx is not known"):
        rented_named("rtx")


def test_a_precision_that_the_gpu_lacks_is_changed_and_said() -> None:
    config = preset("llama3_8b_24gb")
    changed, said = fitting(shape_of(config.model), config, machines("t4", 1))
    assert said == "train.fp16=true train.bf16=false"
    assert changed.train.fp16
    assert fitting(SHAPE, LLAMA, machines("t4", 1))[1] == ""


@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [("l4", 64, "a whole copy on each GPU, 37 GiB"), ("a100-80", 2, "does not fit on 2 x a100-80")],
)
def test_what_does_not_fit_is_refused(name: str, count: int, expected: str) -> None:
    config = preset("llama2_70b_zero3")
    with pytest.raises(Failed, match=expected):
        fitting(shape_of(config.model), config, machines(name, count))


def test_prompts_and_departments_are_read_too() -> None:
    generate = preset("llama2_7b_t4", "train.objective=generate")
    times = [planned(config, "l4", 64).seconds.likely for config in (LLAMA, generate)]
    assert times[1] > 5 * times[0]
