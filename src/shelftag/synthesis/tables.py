"""TABLES: six CSV files in Instacart's shape, and what they were made with."""

from pathlib import Path

from shelftag.artifacts import Folder, Manifest, fingerprint
from shelftag.config import Config
from shelftag.synthesis.given import COLUMNS

ORDERS_FILE = "orders.csv"
PRIOR_FILE, TRAIN_FILE = "order_products__prior.csv", "order_products__train.csv"
TABLE_FILES = (*COLUMNS, ORDERS_FILE, PRIOR_FILE, TRAIN_FILE)


class TablesManifest(Manifest):
    """What was made; the tables follow from the fingerprint alone."""

    rows: dict[str, int]
    """File -> rows, without the header."""
    catalog: str | None
    """The folder the products came from, or none where they are made."""


class Tables(Folder[TablesManifest]):
    """The six tables, complete when manifest.json is there; synthesis.yaml is the config again."""

    kind = "table set"
    made_by = "synthesize"
    contents = (*TABLE_FILES, "synthesis.yaml")
    manifest_type = TablesManifest

    @property
    def config_file(self) -> Path:
        return self.path / "synthesis.yaml"


def tables_fingerprint(config: Config, catalog: Path | None) -> str:
    """BLAKE2b-128 over all that the six files depend on."""
    given = [catalog / name for name in COLUMNS] if catalog else []
    return fingerprint(config.synthesis.model_dump_json(), *given)
