"""4-bit weights through bitsandbytes, on GPUs and on CPUs."""

from typing import Any


def quantization_config(
    kind: str, double_quant: bool, compute_dtype: Any, storage: str | None = None
) -> Any | None:
    """What `from_pretrained` needs to quantize at load; None for full precision.

    `storage` names the type the packed weights are held in, uint8 by default: sharding wants all
    parameters of one float type (https://huggingface.co/docs/bitsandbytes/main/en/fsdp_qlora).
    """
    if kind == "none":
        return None
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=kind,
        bnb_4bit_use_double_quant=double_quant,
        bnb_4bit_compute_dtype=compute_dtype,
        bnb_4bit_quant_storage=storage,
    )


def forbid_cpu_repacking(module: Any) -> None:
    """Keep 4-bit layers in the layout that has gradients.

    On CPUs with AVX512-BF16, bitsandbytes repacks the weights at the first forward in `eval()`,
    and nothing unpacks them again on `train()`: LoRA gradients are wrong from then on (relative
    error 0.4 to 1.0), and merges are corrupt.
    """
    import bitsandbytes as bnb

    for layer in module.modules():
        if isinstance(layer, bnb.nn.Linear4bit):
            layer.support_avx512bf16_for_cpu = False
