"""Fine-tuning in one worker, from the start or from a checkpoint."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from shelftag.artifacts import read_json
from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.model.adapter import add_adapter
from shelftag.model.base import load_base, trained_form
from shelftag.model.tokens import encode, load_tokenizer
from shelftag.training.arguments import total_steps, training_arguments
from shelftag.training.batches import BatchPlan
from shelftag.training.examples import Examples


@dataclass(frozen=True)
class Place:
    """Which worker of how many this is."""

    rank: int = 0
    workers: int = 1


def fit(
    config: Config,
    base: str,
    departments: Departments,
    examples: Examples,
    scratch: Path,
    *,
    place: Place = Place(),
    checkpoint: Path | None = None,
    callbacks: Sequence[Any] = (),
) -> None:
    """Train the adapter; checkpoints land in `scratch/checkpoint-STEP`, the last step's included.

    Args:
        base: hub id or folder.
        checkpoint: a `checkpoint-STEP` of this same run to go on from.
        callbacks: transformers `TrainerCallback`s, such as the one that reports to Ray.
    """
    from transformers import PrinterCallback, set_seed

    train = config.train
    set_seed(train.seed)
    tokenizer = load_tokenizer(base, config.model.revision)
    encoded = encode(tokenizer, examples.texts, config.model.max_length)
    plan = BatchPlan(
        examples.weights,
        encoded.lengths,
        train.per_device_train_batch_size,
        train.group_by_length,
        train.seed,
    )
    steps = total_steps(train, plan.batches_per_epoch, place.workers)
    done = read_json(checkpoint / "trainer_state.json")["global_step"] if checkpoint else 0
    if done >= steps:  # cut between the last checkpoint and the end of the run
        return
    first = done * train.gradient_accumulation_steps * place.workers + place.rank

    def batches() -> Iterator[dict[str, Any]]:
        import torch

        for position, rows in zip(count(first, place.workers), plan.batches(first, place.workers)):
            batch = encoded.padded(rows, tokenizer.pad_token_id)
            if train.token_dropout:
                key = (train.seed, position)
                _drop_tokens(batch["input_ids"], tokenizer, train.token_dropout, key)
            yield batch | {"labels": torch.from_numpy(examples.labels[rows])}

    trainer = _trainer(
        model=_trainable(config, base, departments, tokenizer.pad_token_id),
        args=training_arguments(train, scratch, steps, use_gpu=config.scaling.use_gpu),
        batches=batches,
        processing_class=tokenizer,
        callbacks=list(callbacks),
    )
    trainer.remove_callback(PrinterCallback)  # our own callbacks print
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)


def _trainable(config: Config, base: str, departments: Departments, pad_id: int) -> Any:
    import torch
    from peft import prepare_model_for_kbit_training

    train, use_gpu = config.train, config.scaling.use_gpu
    form = trained_form(config.model, train, use_gpu=use_gpu)
    model = load_base(base, departments, form, "cuda" if use_gpu else "cpu")
    model.config.pad_token_id = pad_id
    model.config.use_cache = False
    if form.quantization != "none":
        model = prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=train.gradient_checkpointing
        )
    model = add_adapter(model, config.model.lora)
    _drop_embeddings(model, train.embedding_dropout)
    for name, parameter in model.named_parameters():
        if any(part in name for part in train.freeze):
            parameter.requires_grad = False
        if parameter.requires_grad:  # GradScaler refuses 16-bit gradients (fp16 on a T4)
            parameter.data = parameter.data.to(torch.float32)
    return model


def _drop_tokens(ids: Any, tokenizer: Any, share: float, key: tuple[int, int]) -> None:
    """Put `<unk>` over some tokens, in place; which ones is a function of the key."""
    import torch

    chosen = torch.from_numpy(np.random.default_rng(key).random(ids.shape) < share)
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    ids[chosen & ~special] = tokenizer.unk_token_id


def _drop_embeddings(model: Any, share: float) -> None:
    """A hook, not a layer: the saved model does not know of it."""
    from torch.nn.functional import dropout

    def hook(module: Any, _: Any, output: Any) -> Any:
        return dropout(output, share, training=module.training)

    if share:
        model.get_input_embeddings().register_forward_hook(hook)


def _trainer(*, batches: Any, **arguments: Any) -> Any:
    """A transformers Trainer that takes its batches as they come.

    Its own loader would be sharded between workers by accelerate; ours is, by rank, already.
    """
    import torch
    from torch.utils.data import DataLoader, IterableDataset
    from transformers import Trainer

    class Stream(IterableDataset[dict[str, Any]]):
        def __iter__(self) -> Iterator[dict[str, Any]]:
            return iter(batches())

    stream = Stream()

    class StreamTrainer(Trainer):  # type: ignore[misc]
        def get_train_dataloader(self) -> Any:
            # With the global generator, a resumed run would draw once more than an undisturbed one.
            return DataLoader(stream, batch_size=None, generator=torch.Generator())

    return StreamTrainer(train_dataset=stream, **arguments)
