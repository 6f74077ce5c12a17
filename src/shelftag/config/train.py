"""The study's hyperparameters, by their names."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from shelftag.config.section import Section


class TrainConfig(Section):
    """How the adapter is trained. Defaults are for `nano` on a CPU."""

    output_dir: str | None = None
    """The Run's folder; `--out` sets it."""

    objective: Literal["classify", "generate"] = "classify"
    """A classification head over the departments, or the department's name after a prompt."""

    examples: Literal["products", "order_lines"] = "products"
    """What an epoch passes over: each product once, weighted by `count_alpha`, or every order
    line, as in the study."""

    aisle_weight: float = Field(default=0.5, ge=0)
    """Weight of the aisle's loss beside the department's (classify); 0 leaves the aisle out."""

    epochs: float = Field(default=8, gt=0)
    """Passes over the training products."""

    max_steps: int = Field(default=-1, ge=-1)
    """Optimizer steps; -1 derives them from `epochs`."""

    per_device_train_batch_size: int = Field(default=256, ge=1)
    """Examples a step, on each worker."""

    per_device_eval_batch_size: int = Field(default=256, ge=1)
    """Examples a forward pass when scoring."""

    gradient_accumulation_steps: int = Field(default=1, ge=1)
    """Batches summed before an optimizer step."""

    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass: less memory, a third more time."""

    fp16: bool = False
    """Float16 with loss scaling: for GPUs before Ampere, such as the T4."""

    bf16: bool = False
    """Bfloat16 autocast: for GPUs since Ampere."""

    max_grad_norm: float = Field(default=1.0, gt=0)
    """Gradients are clipped to this norm."""

    learning_rate: float = Field(default=2e-3, gt=0)
    """Peak rate."""

    weight_decay: float = Field(default=0.05, ge=0)
    """AdamW's decay."""

    adam_beta2: float = Field(default=0.98, gt=0, lt=1)
    """AdamW's second-moment decay."""

    optim: str = "adamw_torch"
    """An optimizer by transformers' name, `paged_adamw_32bit` in the study."""

    lr_scheduler_type: str = "cosine"
    """A schedule by transformers' name."""

    warmup_ratio: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps in which the rate rises."""

    group_by_length: bool = True
    """Batches of names of like length, so that little is padding."""

    label_smoothing: float = Field(default=0.05, ge=0, lt=1)
    """Share of the target spread over all departments, whose labels are noisy (classify)."""

    embedding_dropout: float = Field(default=0.3, ge=0, lt=1)
    """Dropout on the token embeddings, in training only; 0 for a pretrained base."""

    token_dropout: float = Field(default=0.2, ge=0, lt=1)
    """Share of a product's tokens put under `<unk>`, in training only; 0 for a pretrained base."""

    save_steps: int = Field(default=25, ge=1)
    """Optimizer steps between checkpoints."""

    eval_steps: int = Field(default=0, ge=0)
    """Optimizer steps between passes over the validation split, a multiple of `save_steps`; the
    best of those checkpoints becomes the Run. 0 makes none: the last does."""

    logging_steps: int = Field(default=25, ge=1)
    """Optimizer steps between log lines."""

    report_to: tuple[Literal["tensorboard", "mlflow", "wandb"], ...] = ("tensorboard",)
    """Where figures go beside progress.json; mlflow and wandb are extras, set up by their own
    environment variables."""

    count_alpha: float = Field(default=0.0, ge=0.0, le=1.0)
    """Weight of a product: max(purchases, 1) ** count_alpha. 1 is the study's, 0 counts each
    product once."""

    freeze: tuple[str, ...] = ()
    """Parts of parameter names that stay frozen; ("lora_",) trains the head without LoRA."""

    linear: bool = True
    """Let a linear model of the aisles help: its margins are added to the logits, with the weight
    that suits the validation split best."""

    target_precision: float = Field(default=0.98, gt=0, lt=1)
    """Precision of tags at or above the review threshold, certified on the validation split."""

    candidates_level: float = Field(default=0.95, gt=0, lt=1)
    """How often a product's candidates hold its department."""

    allow_leakage: bool = False
    """Train on a Dataset whose held-out products are known by name, as the study's were."""

    seed: int = Field(default=0, ge=0)
    """Seeds weights, batch order and dropout."""

    @model_validator(mode="after")
    def _lines_count_once(self) -> "TrainConfig":
        if self.examples == "order_lines" and self.count_alpha not in (0, 1):
            raise ValueError("count_alpha weights products, and examples = order_lines has none")
        return self

    @field_validator("report_to", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_precision(self) -> "TrainConfig":
        if self.fp16 and self.bf16:
            raise ValueError("fp16 and bf16 exclude each other")
        return self

    @model_validator(mode="after")
    def _evaluated_when_saved(self) -> "TrainConfig":
        if self.eval_steps % self.save_steps:
            raise ValueError("eval_steps must be a multiple of save_steps: a checkpoint is judged")
        return self
