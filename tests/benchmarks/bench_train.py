"""Fine-tuning beside the bare Hugging Face Trainer and TRL: `make bench-train`.

The same nano base, names and batch size, a thread each, three ways in turns, round by round:

    ours         a Ray Train worker, fed by Ray Data, reporting to Ray
    hf_trainer   transformers.Trainer in one process, DataCollatorWithPadding, group_by_length
    trl_padded   trl.SFTTrainer on prompt and completion, as its documentation shows it

The first two train one and the same model. SFTTrainer trains a causal one: it predicts a token of
the whole vocabulary, and its batches have the completion beside the name. Only real tokens are
counted, not padding; a step's time is that from the end of one step to the end of the next.

    python -m tests.benchmarks.bench_train --steps 20 --rounds 1
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shelftag.artifacts import Dataset, read_json, write_json
from shelftag.config import Config, load_config
from tests.benchmarks.quiet import WORK, made_tables, say
from tests.benchmarks.results import machine

LINES = 1_000_000
OURS, HF, TRL = "ours", "hf_trainer", "trl_padded"
PATHS = (OURS, HF, TRL)
WARM_UP = 5
"""Steps before those that are timed."""

Speeds = dict[str, list[dict[str, float]]]
"""Path -> the figures of each round."""


def main() -> None:
    """Run the rounds, print the table and one JSON line; or, with `--path`, one run of one."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--work", type=Path, default=WORK)
    options.add_argument("--steps", type=int, default=60)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--path", choices=PATHS)
    options.add_argument("--out", type=Path)
    chosen = options.parse_args()
    if chosen.path:
        write_json(chosen.out, run_path(chosen.path, chosen.work, chosen.steps))
        return
    _prepare(chosen.work)
    speeds: Speeds = {path: [] for path in PATHS}
    for number in range(chosen.rounds):
        for path in PATHS:
            speeds[path].append(_run(path, chosen.work, chosen.steps))
            say(f"round {number + 1}: {path}: {speeds[path][-1]}")
    _report(speeds)


def figures(speeds: Speeds) -> dict[str, Any]:
    """Medians, and ratios of medians, of tokens and of names a second."""

    def median(path: str, name: str) -> float:
        return statistics.median(run[name] for run in speeds[path])

    found: dict[str, Any] = {
        name: round(median(OURS, name), 1) for name in ("tokens_per_s", "names_per_s")
    }
    for other in (HF, TRL):
        for name, what in (("tokens_per_s", ""), ("names_per_s", "_names")):
            ratio = median(OURS, name) / median(other, name)
            found[f"ratio_{other}{what}"] = round(ratio, 3)
    return found | {"rounds": speeds}


def _report(speeds: Speeds) -> None:
    found = figures(speeds)
    print(f"{'':14}{'tokens/s':>12}{'names/s':>12}{'seconds in all':>16}")
    for path, runs in speeds.items():
        names = ("tokens_per_s", "names_per_s", "seconds")
        tokens, rows, seconds = (statistics.median(run[name] for run in runs) for name in names)
        print(f"{path:14}{tokens:12,.0f}{rows:12,.0f}{seconds:16.1f}")
    print(machine())
    print(json.dumps(found))


def _run(path: str, work: Path, steps: int) -> dict[str, float]:
    """A fresh process."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "speed.json"
        words = ("--path", path, "--work", str(work), "--steps", str(steps), "--out", str(out))
        command = (sys.executable, "-m", "tests.benchmarks.bench_train", *words)
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=sys.stderr)
        return read_json(out) | {"seconds": round(time.perf_counter() - started, 1)}


def _prepare(work: Path) -> None:
    """A Dataset of made tables, and a nano base of its names."""
    from shelftag.catalog.departments import Departments
    from shelftag.training.examples import read_examples
    from shelftag.training.pretrain import make_base

    dataset = Dataset(work / f"train-{LINES}")
    if not dataset.is_complete:
        command = ("prepare", "--tables", str(made_tables(work, LINES)), "--out", str(dataset.path))
        subprocess.run([sys.executable, "-m", "pipelines", *command], check=True, stdout=sys.stderr)
    if not (base := work / "train-base").is_dir():
        departments = Departments(dataset.manifest().departments)
        texts = read_examples(dataset, departments, "train", count_alpha=0.0).texts
        draft = base.with_suffix(".draft")
        make_base(texts, departments, Config().model.nano, 0, draft, lambda *_: None)
        draft.replace(base)


def run_path(path: str, work: Path, steps: int) -> dict[str, float]:
    """In a process of its own: the speed of one path."""
    settings = (f"train.max_steps={steps}", "train.save_steps=9999", "scaling.threads_per_worker=1")
    config = load_config(overrides=list(settings))
    dataset, base = Dataset(work / f"train-{LINES}"), str(work / "train-base")
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
    from pipelines.train_worker import _reporter
    from shelftag.model.runtime import set_up
    from shelftag.training.fit import learn

    set_up(threads=1)
    objective, plan = ray.get([loop["objective"], loop["plan"]])
    clock, run = _clock(), loop["run"]
    learn(
        loop["config"],
        objective,
        plan,
        run.scratch_dir,
        feed=partial(streamed, loop["plan"]),
        callbacks=[clock, _reporter(0, run.progress_file)],
    )
    return _speed(clock)


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
        config.train, folder, config.train.max_steps, use_gpu=False
    )
    arguments.train_sampling_strategy = "group_by_length"
    clock = _clock()
    Trainer(
        model=objective.model(),
        args=arguments,
        train_dataset=tokens,
        processing_class=tokenizer,
        data_collator=DataCollatorWithPadding(tokenizer),
        callbacks=[clock],
    ).train()
    return _speed(clock)


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
    lora, train, clock = config.model.lora, config.train, _clock()
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
        processing_class=AutoTokenizer.from_pretrained(base),
        peft_config=LoraConfig(
            r=lora.r, lora_alpha=lora.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        callbacks=[clock],
    ).train()
    return _speed(clock)


def _learned(dataset: Dataset) -> tuple[Any, Any]:
    from shelftag.catalog.departments import Departments
    from shelftag.training.examples import read_examples

    departments = Departments(dataset.manifest().departments)
    return departments, read_examples(dataset, departments, "train", count_alpha=0.0)


def _clock() -> Any:
    """A callback that notes, at the end of each step, the time and the real tokens and names."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.tokens = self.names = 0
            self.notes: list[tuple[float, int, int]] = []

        def count(self, module: Any, _: Any, inputs: dict[str, Any]) -> None:  # noqa: ARG002
            self.tokens += int(inputs["attention_mask"].sum())
            self.names += len(inputs["attention_mask"])

        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any, **_: Any) -> None:  # noqa: ARG002
            model.register_forward_pre_hook(self.count, with_kwargs=True)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            self.notes.append((time.perf_counter(), self.tokens, self.names))

    return Clock()


def _speed(clock: Any) -> dict[str, float]:
    """Over the steps after the first few."""
    (began, tokens, names), (ended, all_tokens, all_names) = clock.notes[WARM_UP], clock.notes[-1]
    seconds = ended - began
    return {
        "tokens_per_s": round((all_tokens - tokens) / seconds, 1),
        "names_per_s": round((all_names - names) / seconds, 1),
    }


if __name__ == "__main__":
    main()
