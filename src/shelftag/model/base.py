"""The base model: a made nano, or anything `from_pretrained` loads."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from shelftag.artifacts import read_json
from shelftag.catalog.departments import Departments
from shelftag.config.model import NANO_POSITIONS, PRODUCT, PROMPT, ModelConfig, NanoConfig
from shelftag.config.train import TrainConfig
from shelftag.errors import ConfigError
from shelftag.model.prompt import prompt_of
from shelftag.model.quantization import forbid_cpu_repacking, quantization_config
from shelftag.model.tokens import load_tokenizer, train_tokenizer

DTypeName = Literal["float32", "float16", "bfloat16"]
ObjectiveName = Literal["classify", "generate"]


@dataclass(frozen=True)
class InferenceForm:
    """The one form a Run is calibrated, evaluated, tagged and served in.

    `merged` over NF4 means: the weights the adapter was trained on, dequantized, plus the
    adapter. That is the trained function itself, without its 4-bit kernels.
    """

    quantization: Literal["nf4", "none"]
    double_quant: bool
    dtype: DTypeName
    merged: bool
    max_length: int
    revision: str | None = None
    """Commit of a hub base."""
    linear_weight: float = 0.0
    """Weight of the linear model's margins beside the logits; 0 leaves it out."""
    quant_storage: str | None = None
    """Type that packed weights are held in; the numbers they stand for are the same."""
    objective: ObjectiveName = "classify"
    prompt: str = ""
    """The template that products are put in (generate)."""
    products: Literal["float32", "bfloat16"] | None = None
    """The type of what linear layers multiply in `NanoForward`, where that is used."""


def trained_form(model: ModelConfig, train: TrainConfig, *, use_gpu: bool) -> InferenceForm:
    """What is loaded: on a GPU in its 16-bit type (not run on a GPU), on a CPU in float32."""
    half: DTypeName = "float16" if train.fp16 else "bfloat16" if train.bf16 else "float32"
    return InferenceForm(
        quantization=model.quantization,
        double_quant=model.double_quant,
        dtype=half if use_gpu else "float32",
        merged=False,
        max_length=model.max_length,
        revision=model.revision,
        quant_storage=model.quant_storage,
        objective=train.objective,
        prompt=model.prompt if train.objective == "generate" else "",
    )


def frozen_form(model: ModelConfig, train: TrainConfig, *, use_gpu: bool) -> InferenceForm:
    """What a Run is read in: as trained, but merged on a CPU, where 4-bit kernels are slow.

    Float32 there, since in 16 bit a name's confidence moves with the batch it stands in. Nano's
    products alone may be of 16 bit, in a forward pass of its own (README, results).
    """
    form = replace(trained_form(model, train, use_gpu=use_gpu), merged=not use_gpu)
    own = form.merged and model.base == "nano" and train.objective == "classify"
    return replace(form, products="bfloat16") if own else form


def load_base(name: str | Path, departments: Departments, form: InferenceForm, device: str) -> Any:
    """A `...ForSequenceClassification` over the departments, or a `...ForCausalLM` to generate
    their names; quantized as configured.

    Raises:
        ConfigError: the base cannot be loaded.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
    from transformers.integrations import is_deepspeed_zero3_enabled

    dtype = getattr(torch, form.dtype)
    kind, head = AutoModelForCausalLM, dict[str, Any]()
    if form.objective == "classify":
        names, index = dict(enumerate(departments.names)), departments.index
        kind = AutoModelForSequenceClassification
        head = {"num_labels": len(departments), "id2label": names, "label2id": index}
    try:
        base = kind.from_pretrained(
            str(name),
            revision=form.revision,
            **head,
            dtype=dtype,
            quantization_config=quantization_config(
                form.quantization, form.double_quant, dtype, form.quant_storage
            ),
            device_map=None if is_deepspeed_zero3_enabled() else _placed(device),
            trust_remote_code=False,
            use_safetensors=True,  # never a pickle
        )
    except (OSError, ValueError) as error:
        raise _not_loadable(str(name), error) from error
    forbid_cpu_repacking(base)
    return base


def _placed(device: str) -> Any:
    return device if device == "auto" else {"": device}


def check_base(name: str, model: ModelConfig, train: TrainConfig) -> None:
    """Read a base's config and tokenizer, so that a wrong one is refused before any work.

    Raises:
        ConfigError: they cannot be read, or the settings do not suit them.
    """
    from transformers import AutoConfig

    _check_no_adapter(Path(name))
    try:
        read = AutoConfig.from_pretrained(name, revision=model.revision, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise _not_loadable(name, error) from error
    try:
        tokenizer = load_tokenizer(name, model.revision)
    except (OSError, ValueError) as error:
        problem = f"config model.base = {name!r} has no tokenizer ({_first_line(error)})"
        raise ConfigError(problem, "add the files of the base's own") from error
    positions = getattr(read, "max_position_embeddings", None)
    if positions is not None and model.max_length > positions:
        raise ConfigError(
            f"config model.max_length = {model.max_length} breaks the rule: {name} has "
            f"{positions} positions",
            f"set model.max_length={positions} or less",
        )
    _check_tokens(name, tokenizer, getattr(read, "vocab_size", None), train)


def _check_tokens(name: str, tokenizer: Any, vocabulary: int | None, train: TrainConfig) -> None:
    if vocabulary is not None and tokenizer.pad_token_id >= vocabulary:
        raise ConfigError(
            f"the tokenizer of {name} pads with token {tokenizer.pad_token_id}, and the base has "
            f"embeddings for {vocabulary} tokens",
            "give the base embeddings for its padding, or take that token out of the tokenizer",
        )
    if train.token_dropout and tokenizer.unk_token_id in (None, tokenizer.pad_token_id):
        raise ConfigError(
            f"config train.token_dropout = {train.token_dropout} breaks the rule: the tokenizer "
            f"of {name} has no <unk> beside its padding",
            "set train.token_dropout=0",
        )


def _check_no_adapter(folder: Path) -> None:
    if (folder / "adapter_config.json").is_file():
        own = read_json(folder / "adapter_config.json").get("base_model_name_or_path")
        raise ConfigError(
            f"config model.base = {str(folder)!r} is an adapter, of the base {own!r}",
            "name that base, or a full model",
        )


def check_prompt(name: str, model: ModelConfig, departments: Departments) -> None:
    """Put the prompt in a base's tokens, so that one that cannot work is refused before any work.

    Raises:
        ConfigError: it leaves no room for a product, or departments look alike.
    """
    revision = None if Path(name).is_dir() else model.revision
    prompt_of(load_tokenizer(name, revision), model.prompt, departments, model.max_length)


def make_nano(
    texts: list[str], departments: Departments, nano: NanoConfig, seed: int, prompt: str = PROMPT
) -> Any:
    """A random small Llama with a token head, and its tokenizer: (model, tokenizer).

    Its config carries the departments already, so that plain PEFT finds the right head size. Its
    vocabulary has the words of the departments and of the prompt, so that it can generate too.
    """
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    # as often as it takes for a word that few products have to become one token
    words = [*departments.names, *prompt.split(PRODUCT)] * (1 + len(texts) // 100)
    tokenizer = train_tokenizer([*texts, *words], nano.vocab_size)
    set_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=nano.hidden_size,
        intermediate_size=nano.intermediate_size,
        num_hidden_layers=nano.layers,
        num_attention_heads=nano.heads,
        max_position_embeddings=NANO_POSITIONS,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        id2label=dict(enumerate(departments.names)),
        label2id=departments.index,
    )
    return LlamaForCausalLM(config), tokenizer


def _not_loadable(name: str, error: Exception) -> ConfigError:
    problem = f"config model.base = {name!r} cannot be loaded ({_first_line(error)})"
    return ConfigError(problem, "name `nano`, a hub id, or a folder with safetensors")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
