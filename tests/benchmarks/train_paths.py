"""The three ways to fine-tune that `bench_train` sets side by side."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shelftag.artifacts import Dataset
from shelftag.config import Config, load_config
from tests.benchmarks.step_clock import speed, step_clock

OURS, HF, TRL = "ours", "hf_trainer", "trl_padded"
PATHS = (OURS, HF, TRL)


def run_path(path: str, dataset: Dataset, base: str, steps: int) -> dict[str, float]:
    """In a process of its own: tokens and names a second of one path."""
    settings = (
        f"train.max_steps={steps}",
        "train.save_steps=9999",
        "train.aisle_weight=0",  # a plain Trainer knows of one label
        "scaling.threads_per_worker=1",
    )
    config = load_config(overrides=list(settings))
    with TemporaryDirectory() as folder:
        if path == OURS:
            return _ours(dataset, base, config, Path(folder))
        from shelftag.model.runtime import set_up

        set_up(threads=1)
        return (_hf if path == HF else _trl)(dataset, base, config, Path(folder))


def _ours(dataset: Dataset, base: str, config: Config, folder: Path) -> dict[str, float]:
    from cluster.local import ray_session

    with ray_session(config.scaling):  # sets what Ray reads when it is first imported
        import ray
        from ray.train import RunConfig, ScalingConfig
        from ray.train.torch import TorchTrainer

        from pipelines.train_feed import tokenized
        from shelftag.artifacts import Run

        task = ray.remote(num_returns=2)(tokenized)
        objective, plan = task.remote(dataset, config, base, [])
        loop = {"run": Run(folder), "config": config, "objective": objective, "plan": plan}
        result = TorchTrainer(
            _timed_worker,
            train_loop_config=loop,
            scaling_config=ScalingConfig(num_workers=1),
            run_config=RunConfig(name="train", storage_path=str(folder)),
        ).fit()
    assert result.return_value, "the worker returned nothing"
    return dict(result.return_value)


def _timed_worker(loop: dict[str, Any]) -> dict[str, float]:
    """`train_worker` with a clock."""
    from functools import partial

    import ray

    from pipelines.train_feed import streamed
    from shelftag.model.runtime import set_up
    from shelftag.training.fit import learn
    from shelftag.training.watch import watcher

    set_up(threads=1)
    objective, plan = ray.get([loop["objective"], loop["plan"]])
    clock, run = step_clock(), loop["run"]
    learn(
        loop["config"],
        objective,
        plan,
        run.scratch_dir,
        feed=partial(streamed, loop["plan"]),
        checkpoints=run.checkpoints_dir,
        callbacks=[clock, watcher(loop["config"], run)],
    )
    return speed(clock)


def _hf(dataset: Dataset, base: str, config: Config, folder: Path) -> dict[str, float]:
    """https://huggingface.co/docs/transformers/tasks/sequence_classification"""
    from datasets import Dataset as HFDataset
    from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

    from shelftag.training.arguments import training_arguments
    from shelftag.training.objective import objective_of

    departments, examples = _learned(dataset)
    objective: Any = objective_of(config, base, departments, examples)
    tokenizer = objective.tokenizer
    rows = HFDataset.from_dict({"text": examples.texts, "label": examples.labels.tolist()})
    tokens = rows.map(
        lambda some: tokenizer(some["text"], truncation=True, max_length=config.model.max_length),
        batched=True,
        remove_columns=["text"],
    )
    arguments: TrainingArguments = training_arguments(
        config, folder, config.train.max_steps, workers=1
    )
    arguments.train_sampling_strategy = "group_by_length"
    clock = step_clock()
    Trainer(
        model=objective.model(),
        args=arguments,
        train_dataset=tokens,
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        callbacks=[clock],
    ).train()
    return speed(clock)


def _trl(dataset: Dataset, base: str, config: Config, folder: Path) -> dict[str, float]:
    """https://huggingface.co/docs/trl/sft_trainer and its page on PEFT"""
    import torch
    from datasets import Dataset as HFDataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    from shelftag.model.quantization import forbid_cpu_repacking, quantization_config

    departments, examples = _learned(dataset)
    completions = [" " + departments.names[label] for label in examples.labels]
    rows = HFDataset.from_dict({"prompt": examples.texts, "completion": completions})
    model = AutoModelForCausalLM.from_pretrained(
        base, quantization_config=quantization_config("nf4", True, torch.float32)
    )
    forbid_cpu_repacking(model)
    lora, train, clock = config.model.lora, config.train, step_clock()
    SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(folder),
            max_steps=train.max_steps,
            per_device_train_batch_size=train.per_device_train_batch_size,
            learning_rate=train.learning_rate,
            max_length=config.model.max_length,
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            disable_tqdm=True,
        ),
        train_dataset=rows,
        processing_class=_open_ended(AutoTokenizer.from_pretrained(base)),
        peft_config=LoraConfig(
            r=lora.r, lora_alpha=lora.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        callbacks=[clock],
    ).train()
    return speed(clock)


def _open_ended(tokenizer: Any) -> Any:
    """Nano's tokenizer ends every text; a prompt has to go on with its completion."""
    from tokenizers.processors import TemplateProcessing

    start = (tokenizer.bos_token, tokenizer.bos_token_id)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{tokenizer.bos_token} $A", special_tokens=[start]
    )
    return tokenizer


def _learned(dataset: Dataset) -> tuple[Any, Any]:
    from shelftag.catalog.departments import Departments
    from shelftag.training.examples import read_examples

    departments = Departments(dataset.manifest().departments)
    return departments, read_examples(dataset, departments, "train", count_alpha=0.0)
