"""Each rule refuses what it is of, in one line, and lets the rest be."""

import pytest

from shelftag.errors import ConfigError
from shelftag.sizing.gpus import GPUS, Device, gpu_named, this_machine
from shelftag.sizing.rules import RULES, broken_rules, check_rules
from tests.presets import FOLDER, preset

CPU = Device("cpu", 2**34, None)

BROKEN = {
    "bf16": ("llama3_8b_24gb", (), GPUS["t4"]),
    "fp16-cpu": ("llama2_7b_t4", ("scaling.use_gpu=false",), None),
    "nf4-storage": ("llama2_70b_zero3", ("model.quant_storage=float16",), None),
    "nf4-offload": ("llama2_70b_zero3", ("scaling.offload=true",), None),
    "offload-optimizer": (
        "llama2_70b_lora_zero3_offload",
        ("train.optim=paged_adamw_32bit",),
        None,
    ),
    "lora-token-head": (
        "llama2_7b_t4",
        ("train.objective=generate", "model.lora.target_modules=[q_proj, lm_head]"),
        None,
    ),
}


def test_every_rule_is_tested() -> None:
    assert {rule.id for rule in RULES} == set(BROKEN)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_breaks_a_rule_is_refused(rule: object) -> None:
    (same,) = [each for each in RULES if each is rule]
    name, overrides, device = BROKEN[same.id]
    config = preset(name, *overrides)
    assert [broken.id for broken in broken_rules(config, device)] == [same.id]
    with pytest.raises(ConfigError) as refused:
        check_rules(config, device)
    line = str(refused.value)
    assert "\n" not in line
    for part in (f"config {same.setting} = ", same.sentence, same.way_out):
        assert part in line
    assert same.source.startswith(("https://", "tried: "))


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_presets_break_none(file: object) -> None:
    config = preset(getattr(file, "stem", ""))
    assert broken_rules(config) == []
    assert broken_rules(config, GPUS["a100-80"] if config.scaling.use_gpu else CPU) == []


def test_what_no_gpu_would_do_is_refused_with_one_in_the_config() -> None:
    config = preset("llama2_7b_t4")
    assert broken_rules(config) == []
    assert [rule.id for rule in broken_rules(config, CPU)] == ["fp16-cpu"]


def test_capabilities() -> None:
    assert {name for name, gpu in GPUS.items() if not gpu.has_bf16} == {"t4"}
    assert this_machine().memory > 2**30
    with pytest.raises(ConfigError, match="--gpu rtx is not known: name one of t4, "):
        gpu_named("rtx")
