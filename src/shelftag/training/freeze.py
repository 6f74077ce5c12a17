"""From the last checkpoint to a Run: adapter, calibration, model card, manifest."""

import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import shelftag
from shelftag.artifacts import Dataset, Run, RunManifest, write_json, write_text
from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.evaluation.confidence import confidence_of
from shelftag.model.adapter import cut_head, name_base
from shelftag.model.base import frozen_form
from shelftag.model.linear import fit_linear
from shelftag.model.linear_aisles import fit_aisles
from shelftag.tagging.calibration import Calibration, calibrate, check_finite, save_calibration
from shelftag.tagging.ensemble import fit_weight, joined
from shelftag.tagging.identity import run_fingerprint
from shelftag.tagging.scaling import probabilities
from shelftag.tagging.tagger import load_scorer
from shelftag.training.card import model_card
from shelftag.training.checkpoints import SEAL, VALIDATION
from shelftag.training.examples import read_examples

NOT_ADAPTER = ("trainer_state.json", SEAL, VALIDATION)
LIBRARIES = ("torch", "transformers", "peft", "trl", "bitsandbytes", "ray")


def freeze(
    run: Run,
    dataset: Dataset,
    config: Config,
    checkpoint: Path,
    base: str,
    training: Mapping[str, Any],
) -> RunManifest:
    """Take the adapter of a checkpoint, fit the linear models, calibrate, publish the Run.

    One linear model is what `evaluate` measures by; the other one, of aisles, helps the Llama.
    """
    manifest = dataset.manifest()
    departments = Departments(manifest.departments)
    _take_adapter(run, checkpoint, base, len(departments), config.model.revision)
    write_json(run.departments_file, {"departments": list(departments.names)})
    train = read_examples(dataset, departments, "train", count_alpha=0.0)
    seed = config.train.seed
    fit_linear(train.texts, train.labels, len(departments), seed).save(run.linear_dir)
    form = frozen_form(config.model, config.train, use_gpu=config.scaling.use_gpu)
    scorer = load_scorer(run, departments, form, config.train.per_device_eval_batch_size)
    valid = read_examples(dataset, departments, "valid", count_alpha=0.0)
    logits = scorer.logits(valid.texts)
    check_finite(logits)  # before a weight is fitted to them
    alone = float((logits.argmax(axis=1) == valid.labels).mean())
    if config.train.linear:
        helper = fit_aisles(train.texts, train.labels, train.aisles, len(departments), seed)
        helper.save(run.linear_aisles_dir)
        margins = helper.decision(valid.texts)
        form = replace(form, linear_weight=fit_weight(logits, margins, valid.labels))
        logits = joined(logits, margins, form.linear_weight)
    calibration = calibrate(
        logits,
        valid.labels,
        departments,
        config.train,
        {"dataset": manifest.fingerprint, "protocol": manifest.split_protocol, "split": "valid"},
    )
    save_calibration(calibration, run.calibration_file)
    published = RunManifest(
        shelftag=shelftag.__version__,
        fingerprint=run_fingerprint(run, asdict(form)),
        config=config.model_dump(mode="json"),
        dataset=manifest.fingerprint,
        departments=departments.names,
        base=base,
        inference=asdict(form),
        training=dict(training)
        | _scores(logits, valid.labels, calibration)
        | {"valid_accuracy_alone": alone},
        versions={library: version(library) for library in LIBRARIES},
    )
    write_text(run.adapter_dir / "README.md", model_card(published, manifest, calibration))
    run.publish(published)
    return published


def _scores(
    logits: NDArray[np.float32], labels: NDArray[np.int64], calibration: Calibration
) -> dict[str, float]:
    """What the model card says of the validation split; the calibration was fitted there."""
    likely = probabilities(logits, calibration)
    correct = likely.argmax(axis=1) == labels
    confidence = confidence_of(likely.max(axis=1), correct, calibration.threshold)
    return {
        "valid_rows": len(labels),
        "valid_accuracy": float(correct.mean()),
        "valid_coverage": confidence.coverage,
        "valid_calibration_error": confidence.calibration_error,
    }


def _take_adapter(
    run: Run, checkpoint: Path, base: str, departments_count: int, revision: str | None
) -> None:
    """Copy what belongs to the adapter; optimizer and trainer state stay with the checkpoint."""
    run.adapter_dir.mkdir(parents=True, exist_ok=True)
    for file in checkpoint.iterdir():
        if file.suffix in (".json", ".safetensors") and file.name not in NOT_ADAPTER:
            shutil.copyfile(file, run.adapter_dir / file.name)
    name_base(run.adapter_dir, base, revision)
    cut_head(run.adapter_dir, departments_count)
