"""What cannot work, in one table: `doctor` shows it, `train` refuses it before it starts."""

from collections.abc import Callable
from dataclasses import dataclass

from shelftag.config import Config
from shelftag.errors import ConfigError
from shelftag.sizing.gpus import Device
from shelftag.sizing.precision import storage_needed


@dataclass(frozen=True)
class Rule:
    """Something that must hold of a config, on a device if one is known."""

    id: str
    setting: str
    """The key whose value breaks it."""
    sentence: str
    source: str
    """Where it is written, or "tried" with what was seen."""
    broken: Callable[[Config, Device | None], bool]
    way_out: str


def _no_bf16(config: Config, device: Device | None) -> bool:
    return config.train.bf16 and device is not None and not device.has_bf16


def _fp16_on_a_cpu(config: Config, device: Device | None) -> bool:
    on_cpu = device is not None and not device.is_gpu
    return config.train.fp16 and (on_cpu or not config.scaling.use_gpu)


def _unshardable(config: Config, _: Device | None) -> bool:
    scaling, storage = config.scaling, config.model.quant_storage
    sharded = scaling.strategy in ("zero3", "fsdp") and scaling.use_gpu
    cast = scaling.strategy == "zero2" and storage is not None  # DeepSpeed casts all that is float
    packed = config.model.quantization != "none"
    return packed and (sharded or cast) and storage != storage_needed(config)


def _nf4_to_cpu(config: Config, _: Device | None) -> bool:
    scaling = config.scaling
    packed = config.model.quantization != "none"
    return packed and scaling.strategy == "zero3" and scaling.offload


def _bnb_optimizer_to_cpu(config: Config, _: Device | None) -> bool:
    bnb = any(part in config.train.optim for part in ("paged", "8bit", "bnb"))
    return config.scaling.offload and bnb


def _lora_on_the_token_head(config: Config, _: Device | None) -> bool:
    targets = config.model.lora.target_modules
    named = "lm_head" in (targets if isinstance(targets, tuple) else (targets,))
    return config.train.objective == "generate" and named


RULES = (
    Rule(
        "bf16",
        "train.bf16",
        "bfloat16 needs a GPU of compute capability 8.0 (Ampere) or later",
        "https://docs.nvidia.com/cuda/cuda-c-programming-guide/#compute-capability-8-x",
        _no_bf16,
        "set train.bf16=false train.fp16=true",
    ),
    Rule(
        "fp16-cpu",
        "train.fp16",
        "float16 with loss scaling needs a GPU",
        "tried: transformers 5 computes in float32 on a CPU, whatever fp16 says",
        _fp16_on_a_cpu,
        "set scaling.use_gpu=true, or train.fp16=false",
    ),
    Rule(
        "nf4-storage",
        "model.quant_storage",
        "NF4 weights are sharded only when stored as the float type that is computed in",
        "https://huggingface.co/docs/bitsandbytes/main/en/fsdp_qlora",
        _unshardable,
        "set model.quant_storage to bfloat16 with train.bf16, to float16 with train.fp16",
    ),
    Rule(
        "nf4-offload",
        "scaling.offload",
        "ZeRO-3 does not shard NF4 weights at load, so each GPU holds the whole base first and "
        "offloading saves nothing",
        "tried: 4-bit parameters come without ds_shape; https://huggingface.co/docs/peft/"
        "accelerate/deepspeed",
        _nf4_to_cpu,
        "set model.quantization=none, or scaling.offload=false",
    ),
    Rule(
        "offload-optimizer",
        "train.optim",
        "an offloaded optimizer works on CPU memory, and bitsandbytes' are for the GPU's",
        "https://www.deepspeed.ai/docs/config-json/#optimizer-offloading",
        _bnb_optimizer_to_cpu,
        "set train.optim=adamw_torch",
    ),
    Rule(
        "lora-token-head",
        "model.lora.target_modules",
        "TRL trains no LoRA on lm_head",
        "tried: trl 1.16 raises ValueError",
        _lora_on_the_token_head,
        "leave lm_head out, as `all-linear` does",
    ),
)


def broken_rules(config: Config, device: Device | None = None) -> list[Rule]:
    """The rules a config breaks; those of a device only if one is given."""
    return [rule for rule in RULES if rule.broken(config, device)]


def check_rules(config: Config, device: Device | None = None) -> None:
    """Refuse the first broken rule.

    Raises:
        ConfigError: naming setting, value, rule and way out.
    """
    for rule in broken_rules(config, device):
        where = f" ({device.name})" if device is not None else ""
        problem = f"config {rule.setting} = {_value(config, rule.setting)} breaks the rule: "
        raise ConfigError(problem + rule.sentence + where, rule.way_out)


def _value(config: Config, setting: str) -> object:
    value: object = config
    for part in setting.split("."):
        value = getattr(value, part)
    return value
