"""Figures reach TensorBoard, MLflow and W&B; a run that was cut shows no step twice."""

import statistics
import sys
from pathlib import Path
from typing import Any

import pytest

from shelftag.artifacts import Dataset, Run, read_json, remove
from shelftag.config import Config
from shelftag.errors import ConfigError, Failed
from shelftag.training.fit import fit
from shelftag.training.tracking import check_trackers, log_adapter, open_trackers, parameters
from shelftag.training.watch import watcher
from tests import tiny

FIGURES = {"loss", "learning_rate", "grad_norm", "tokens_per_s", "names_per_s", "memory_gb"}


def settings(*trackers: str) -> Config:
    return tiny.config(
        f"train.report_to=[{','.join(trackers)}]",
        "train.max_steps=8",
        "train.logging_steps=2",
        "train.save_steps=4",
        "model.quantization=none",
    )


def scalars(run: Run) -> dict[str, list[tuple[int, float]]]:
    """Tag -> (step, value), as TensorBoard would show them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.tensorboard_dir)).Reload()
    return {
        tag.removeprefix("train/"): [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def test_a_fit_s_figures_are_real(tiny_dataset: Dataset, tiny_base: Path, tmp_path: Path) -> None:
    config, run = settings("tensorboard"), Run(tmp_path)
    departments, examples = tiny.learned(tiny_dataset)
    watch = watcher(config, run)
    fit(config, str(tiny_base), departments, examples, tmp_path / "c", callbacks=[watch])
    shown = scalars(run)
    assert set(shown) == FIGURES
    assert all([step for step, _ in points] == [2, 4, 6, 8] for points in shown.values())
    state = read_json(tmp_path / "c" / "checkpoint-8" / "trainer_state.json")
    losses = [entry["loss"] for entry in state["log_history"] if "loss" in entry]
    assert [value for _, value in shown["loss"]] == pytest.approx(losses)
    progress = read_json(run.progress_file)
    assert FIGURES - {"loss"} < set(progress)
    assert 0 < progress["memory_gb"] < 50
    # 64 names a step; tokens over names is a mean length, that padding would raise
    pairs = zip(shown["tokens_per_s"], shown["names_per_s"], strict=True)
    mean = statistics.fmean(tokens / names for (_, tokens), (_, names) in pairs)
    assert mean == pytest.approx(state["num_input_tokens_seen"] / (8 * 64), rel=0.02)


def test_tokens_are_counted_without_padding(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path: Path
) -> None:
    """One epoch in one batch: every example's own tokens, once."""
    from shelftag.training.objective import objective_of

    departments, examples = tiny.learned(tiny_dataset)
    config = tiny.config(
        "train.max_steps=1",
        f"train.per_device_train_batch_size={len(examples)}",
        "train.report_to=[]",
        "model.quantization=none",
    )
    fit(config, str(tiny_base), departments, examples, tmp_path)
    lengths = objective_of(config, str(tiny_base), departments, examples).lengths
    seen = read_json(tmp_path / "checkpoint-1" / "trainer_state.json")["num_input_tokens_seen"]
    assert seen == lengths.sum() < lengths.max() * len(examples)


def test_tensorboard_shows_each_step_once(tmp_path: Path) -> None:
    run, config = Run(tmp_path), settings("tensorboard")
    (killed,) = open_trackers(config, run, 0)
    for step in (2, 4, 6):  # the last checkpoint is that of step 4
        killed.log({"loss": float(step)}, step)
    (resumed,) = open_trackers(config, run, 4)
    for step in (6, 8):
        resumed.log({"loss": 10.0 + step}, step)
    resumed.close()
    log_adapter(config, run, {"valid_accuracy": 0.5}, 8)
    assert scalars(run) == {
        "loss": [(2, 2.0), (4, 4.0), (6, 16.0), (8, 18.0)],
        "valid_accuracy": [(8, 0.5)],
    }


@pytest.fixture
def mlflow_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    pytest.importorskip("mlflow", reason="the extra shelftag[mlflow] is not installed")
    uri = (tmp_path / "store").as_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return uri


def test_mlflow_gets_parameters_metrics_and_the_adapter(
    mlflow_store: str, tiny_run: Run, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    config, run = settings("mlflow"), Run(tmp_path / "run")
    run.adapter_dir.mkdir(parents=True)
    for file in tiny_run.adapter_dir.iterdir():
        (run.adapter_dir / file.name).write_bytes(file.read_bytes())
    (killed,) = open_trackers(config, run, 0)
    for step in (2, 4, 6):
        killed.log({"loss": float(step)}, step)
    (resumed,) = open_trackers(config, run, 4)
    for step in (6, 8):
        resumed.log({"loss": float(step)}, step)
    log_adapter(config, run, {"valid_accuracy": 0.5}, 8)
    client = MlflowClient(mlflow_store)
    experiment = client.get_experiment_by_name("shelftag")
    (logged,) = client.search_runs([experiment.experiment_id])
    assert logged.info.status == "FINISHED"
    assert logged.data.params == {key: str(value) for key, value in parameters(config).items()}
    assert logged.data.params["train.max_steps"] == "8"
    history = client.get_metric_history(logged.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(2, 2), (4, 4), (6, 6), (8, 8)]
    assert logged.data.metrics["valid_accuracy"] == 0.5
    kept = {Path(file.path).name for file in client.list_artifacts(logged.info.run_id, "adapter")}
    assert kept == {file.name for file in run.adapter_dir.iterdir()}


def test_a_tracker_that_fails_at_the_end_leaves_a_whole_run(
    mlflow_store: str, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run")
    open_trackers(settings("mlflow"), run, 0)
    remove(tmp_path / "store")
    with pytest.raises(Failed, match="is whole, but a tracker") as failure:
        log_adapter(settings("mlflow"), run, {}, 8)
    assert mlflow_store not in str(failure.value)


def test_wandb_offline_keeps_figures_and_the_adapter(
    tiny_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb", reason="the extra shelftag[wandb] is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    config, run = settings("wandb"), Run(tmp_path / "run")
    run.adapter_dir.mkdir(parents=True)
    for file in tiny_run.adapter_dir.iterdir():
        (run.adapter_dir / file.name).write_bytes(file.read_bytes())
    (tracker,) = open_trackers(config, run, 0)
    tracker.log({"loss": 1.0}, 2)
    tracker.close()
    log_adapter(config, run, {"valid_accuracy": 0.5}, 8)
    identity = read_json(run.trackers_file)["wandb"]
    records = b"".join(
        file.read_bytes() for file in sorted(run.path.glob(f"wandb/offline-*-{identity}/*.wandb"))
    )
    for words in (b"loss", b"valid_accuracy", b"train.max_steps", b"adapter_model.safetensors"):
        assert words in records


@pytest.mark.parametrize(
    ("names", "environment", "rule"),
    [
        (["mlflow"], {}, "MLFLOW_TRACKING_URI is not set"),
        (["wandb"], {}, "WANDB_API_KEY is not set"),
    ],
)
def test_a_tracker_that_does_not_know_where_to_is_refused(
    names: list[str], environment: dict[str, str], rule: str
) -> None:
    pytest.importorskip(names[0])
    with pytest.raises(ConfigError, match=rule):
        check_trackers(names, environment)


def test_a_tracker_that_is_not_installed_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def none_found(name: str) -> Any:  # noqa: ARG001
        return None

    monkeypatch.setattr("shelftag.training.tracking.find_spec", none_found)
    with pytest.raises(ConfigError, match=r"mlflow, which is not installed.*shelftag\[mlflow\]"):
        check_trackers(["mlflow"], {"MLFLOW_TRACKING_URI": "file:/x"})
    monkeypatch.undo()
    (tmp_path / "wandb_here").mkdir()  # as a tracker's own folder in the working directory
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    with pytest.raises(ConfigError, match="not installed"):
        check_trackers(["wandb_here"], {})


def test_trackers_that_are_ready_are_let_through() -> None:
    check_trackers([], {})
    check_trackers(["tensorboard"], {})
