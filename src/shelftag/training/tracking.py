"""Where figures go beside the progress file: TensorBoard, MLflow, Weights & Biases.

A run that was cut goes on in the same place: which one that is stands in RUN/trackers.json.
Secrets and addresses come from the environment of the workers, never from the config.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol
from uuid import uuid4

from shelftag.artifacts import Run, read_json, write_json
from shelftag.config import Config
from shelftag.errors import ConfigError, Failed

PROJECT = "shelftag"
"""Experiment (MLflow) or project (W&B) where the environment names none."""


class Tracker(Protocol):
    """One place that figures are sent to."""

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Figures by name, after an optimizer step."""
        ...

    def close(self) -> None:
        """Nothing more comes from this worker."""
        ...


def check_trackers(names: Sequence[str], environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a tracker that is not installed, or does not know where to.

    Raises:
        ConfigError: `train.report_to` names one that cannot work.
    """
    for name in names:
        found = find_spec(name)
        if found is None or found.origin is None:  # without origin: a mere folder of that name
            raise ConfigError(
                f"config train.report_to names {name}, which is not installed",
                f"pip install 'shelftag[{name}]', or leave it out",
            )
    if "mlflow" in names and not environment.get("MLFLOW_TRACKING_URI"):
        raise ConfigError(
            "config train.report_to names mlflow, and MLFLOW_TRACKING_URI is not set",
            "set it in the environment, or leave mlflow out",
        )
    offline = environment.get("WANDB_MODE") in ("offline", "disabled")
    if "wandb" in names and not offline and not environment.get("WANDB_API_KEY"):
        raise ConfigError(
            "config train.report_to names wandb, and WANDB_API_KEY is not set",
            "set it or WANDB_MODE=offline in the environment, or leave wandb out",
        )


def open_trackers(config: Config, run: Run, first_step: int) -> list[Tracker]:
    """Those of `train.report_to`, to go on after `first_step`."""
    kinds: dict[str, Any] = {"tensorboard": TensorBoard, "mlflow": MLflow, "wandb": WandB}
    return [kinds[name](config, run, first_step) for name in config.train.report_to]


def log_adapter(config: Config, run: Run, figures: Mapping[str, float], step: int) -> None:
    """Send last figures, and the frozen adapter where the tracker keeps files.

    Raises:
        Failed: a tracker does not take them. Its own words may hold an address with a secret.
    """
    try:
        for tracker in open_trackers(config, run, step):
            tracker.log(figures, step)
            if isinstance(tracker, MLflow | WandB):
                tracker.keep_adapter()
            tracker.close()
    except Exception as error:
        raise Failed(
            f"Run {run.path} is whole, but a tracker of {config.train.report_to} did not take its "
            f"adapter ({type(error).__name__})",
            "nothing needs to be trained again; log the folder adapter/ by the tracker's own means",
        ) from error


class TensorBoard:
    """Events under RUN/tensorboard."""

    def __init__(self, config: Config, run: Run, first_step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # Steps a cut run had logged after its last checkpoint come again: the old ones are hidden.
        self._writer: Any = SummaryWriter(str(run.tensorboard_dir), purge_step=first_step + 1)
        if first_step == 0:
            self._writer.add_text("config", f"```\n{config.yaml()}```", 0)

    def log(self, figures: Mapping[str, float], step: int) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(f"train/{name}", value, step)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


class MLflow:
    """A run on the server or in the store that MLFLOW_TRACKING_URI names."""

    def __init__(self, config: Config, run: Run, first_step: int) -> None:  # noqa: ARG002
        from mlflow import MlflowClient

        self._client = MlflowClient()
        self._run = run
        known = _known(run).get("mlflow")
        self._id: str = known or self._created(config)
        logged = self._client.get_metric_history(self._id, "loss") if known else []
        self._last = max((metric.step for metric in logged), default=-1)

    def log(self, figures: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        if "loss" in figures and step <= self._last:  # a cut run logs some steps twice
            return
        now_ms = int(1000 * time.time())
        metrics = [Metric(name, value, now_ms, step) for name, value in figures.items()]
        self._client.log_batch(self._id, metrics=metrics)

    def keep_adapter(self) -> None:
        self._client.log_artifacts(self._id, str(self._run.adapter_dir), "adapter")
        self._client.set_terminated(self._id)

    def close(self) -> None:
        """Left open: the adapter is still to come."""

    def _created(self, config: Config) -> str:
        from mlflow.entities import Param

        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
        found = self._client.get_experiment_by_name(name)
        experiment = found.experiment_id if found else self._client.create_experiment(name)
        made = self._client.create_run(experiment, run_name=self._run.path.name)
        params = [Param(key, str(value)[:500]) for key, value in parameters(config).items()]
        for start in range(0, len(params), 100):  # MLflow takes no more at once
            self._client.log_batch(made.info.run_id, params=params[start : start + 100])
        _remember(self._run, "mlflow", made.info.run_id)
        return str(made.info.run_id)


class WandB:
    """A W&B run; its files are under RUN/wandb, and all there is with WANDB_MODE=offline."""

    def __init__(self, config: Config, run: Run, first_step: int) -> None:  # noqa: ARG002
        import wandb

        self._folder = run.adapter_dir
        known = _known(run).get("wandb") or uuid4().hex[:12]
        _remember(run, "wandb", known)
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=run.path.name,
            id=known,
            resume="allow",
            dir=str(run.path),
            config=parameters(config),
            settings=wandb.Settings(console="off", disable_git=True, disable_code=True),
        )

    def log(self, figures: Mapping[str, float], step: int) -> None:
        self._run.log(dict(figures), step=step)  # W&B itself drops steps it has had

    def keep_adapter(self) -> None:
        import wandb

        artifact = wandb.Artifact(f"adapter-{self._run.id}", type="model")
        artifact.add_dir(str(self._folder))
        self._run.log_artifact(artifact)

    def close(self) -> None:
        self._run.finish()


def parameters(config: Config) -> dict[str, Any]:
    """What was trained and how, by key path."""
    sections = config.model_dump(mode="json", include={"catalog", "data", "model", "train"})
    sections["scaling"] = {"workers": config.scaling.workers, "strategy": config.scaling.strategy}
    return dict(_leaves(sections))


def _leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def _known(run: Run) -> dict[str, Any]:
    return read_json(run.trackers_file) if run.trackers_file.is_file() else {}


def _remember(run: Run, tracker: str, identity: str) -> None:
    write_json(run.trackers_file, _known(run) | {tracker: identity})
