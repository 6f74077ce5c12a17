"""The kinds of folder, and where things stand in them."""

from pathlib import Path

from shelftag.artifacts.folder import Folder
from shelftag.artifacts.manifests import DatasetManifest, ExportManifest, RunManifest


class Dataset(Folder[DatasetManifest]):
    """Order lines and labelled products."""

    kind = "Dataset"
    made_by = "prepare"
    contents = (
        "job.json",
        "commits",
        "order_lines",
        "products.parquet",
        "conflicts.parquet",
        "rejects",
        "report.html",
    )
    manifest_type = DatasetManifest

    @property
    def job_file(self) -> Path:
        return self.path / "job.json"

    @property
    def commits_dir(self) -> Path:
        return self.path / "commits"

    @property
    def order_lines_dir(self) -> Path:
        return self.path / "order_lines"

    @property
    def products_file(self) -> Path:
        return self.path / "products.parquet"

    @property
    def conflicts_file(self) -> Path:
        return self.path / "conflicts.parquet"

    @property
    def rejects_dir(self) -> Path:
        return self.path / "rejects"

    @property
    def report_file(self) -> Path:
        return self.path / "report.html"


class Run(Folder[RunManifest]):
    """A trained tagger."""

    kind = "Run"
    made_by = "train"
    contents = (
        "config.json",
        "dataset.json",
        "progress.json",
        "tensorboard",
        "trackers.json",
        "wandb",
        "stopped.json",
        "scratch",
        "checkpoints",
        "base",
        "base.draft",
        "linear",
        "linear_aisles",
        "evaluation",
        "adapter",
    )
    manifest_type = RunManifest

    @property
    def config_file(self) -> Path:
        return self.path / "config.json"

    @property
    def dataset_file(self) -> Path:
        return self.path / "dataset.json"

    @property
    def progress_file(self) -> Path:
        return self.path / "progress.json"

    @property
    def tensorboard_dir(self) -> Path:
        return self.path / "tensorboard"

    @property
    def trackers_file(self) -> Path:
        return self.path / "trackers.json"

    @property
    def scratch_dir(self) -> Path:
        return self.path / "scratch"

    def fed_file(self, rank: int) -> Path:
        """What a training worker was fed, for as long as the run is trained."""
        return self.scratch_dir / f"fed-{rank}.json"

    @property
    def stopped_file(self) -> Path:
        """Why training stopped, if going on would stop it again."""
        return self.path / "stopped.json"

    @property
    def checkpoints_dir(self) -> Path:
        return self.path / "checkpoints"

    @property
    def base_dir(self) -> Path:
        return self.path / "base"

    @property
    def base_draft_dir(self) -> Path:
        return self.path / "base.draft"

    @property
    def linear_dir(self) -> Path:
        return self.path / "linear"

    @property
    def linear_aisles_dir(self) -> Path:
        return self.path / "linear_aisles"

    @property
    def evaluation_dir(self) -> Path:
        return self.path / "evaluation"

    @property
    def scores_file(self) -> Path:
        return self.evaluation_dir / "scores.json"

    @property
    def predictions_file(self) -> Path:
        """What it says of each of its test products."""
        return self.evaluation_dir / "predictions.parquet"

    @property
    def adapter_dir(self) -> Path:
        return self.path / "adapter"

    @property
    def departments_file(self) -> Path:
        return self.adapter_dir / "departments.json"

    @property
    def calibration_file(self) -> Path:
        return self.adapter_dir / "calibration.json"


class Exported(Folder[ExportManifest]):
    """A whole model as plain transformers loads it."""

    kind = "exported model"
    made_by = "export"
    contents = (
        "config.json",
        "model.safetensors",
        "model.safetensors.index.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "chat_template.jinja",
        "departments.json",
        "calibration.json",
        "README.md",
    )
    manifest_type = ExportManifest
