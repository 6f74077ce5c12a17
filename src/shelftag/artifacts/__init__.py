"""Dataset, Run, Tags, Exported: the folders stages meet through, and the only place that knows
paths.

    DATASET/  order_lines/*.parquet  products.parquet  rejects/*.parquet  report.html
              manifest.json
    RUN/      config.json  dataset.json  progress.json  tensorboard/  trackers.json  scratch/
              checkpoints/  base/  linear/  evaluation/  adapter/  manifest.json
    TAGS/     tags/*  errors/*  names/*.parquet  review.csv  changes.csv  summary.json
              progress.json  manifest.json
    EXPORT/   config.json  model.safetensors  tokenizer.json  ...  manifest.json

A folder is complete when its manifest is there: parts are written first, the manifest that names
them last. Until then a marker file says that the folder is ours and half-written, so that a later
attempt may clear it, and nobody's own files are ever removed.
"""

from shelftag.artifacts.files import (
    fingerprint,
    locked,
    part_name,
    read_json,
    remove,
    write_json,
    write_text,
)
from shelftag.artifacts.folder import MARKER, Folder
from shelftag.artifacts.kinds import Dataset, Exported, Run
from shelftag.artifacts.manifests import (
    DatasetManifest,
    ExportManifest,
    Leakage,
    Manifest,
    OverridesAccount,
    RunManifest,
    ScoredNames,
    Since,
    Statistics,
    TableAccount,
    TagsManifest,
)
from shelftag.artifacts.places import Place, place_of
from shelftag.artifacts.tags import Tags

__all__ = [
    "MARKER",
    "Dataset",
    "DatasetManifest",
    "ExportManifest",
    "Exported",
    "Folder",
    "Leakage",
    "Manifest",
    "OverridesAccount",
    "Place",
    "Run",
    "RunManifest",
    "ScoredNames",
    "Since",
    "Statistics",
    "TableAccount",
    "Tags",
    "TagsManifest",
    "fingerprint",
    "locked",
    "part_name",
    "place_of",
    "read_json",
    "remove",
    "write_json",
    "write_text",
]
