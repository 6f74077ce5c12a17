"""A Run and its Dataset -> recovered.csv and suspects.csv: lists to work through.

    unlabelled --> Tagger -------> suggestion --.
                                                +--> nearest labelled names --> recovered.csv
    labelled --> out-of-fold --> cleanlab ------+--> twins filed elsewhere ---> suspects.csv

A person fills the column `department` of either, and `shelftag prepare --overrides FILE` takes it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Dataset, Run, write_text
from shelftag.catalog.departments import Departments
from shelftag.catalog.spreadsheet import spreadsheet_csv
from shelftag.config import Config
from shelftag.evaluation.catalog_work import SHOWN, CatalogWork, Recovered, Suspect
from shelftag.evaluation.label_noise import Suspects, find_suspects
from shelftag.model.linear import LinearModel
from shelftag.model.nearest import nearest
from shelftag.model.out_of_fold import out_of_fold
from shelftag.tables.products import token_key
from shelftag.tagging.columns import tags_table
from shelftag.tagging.tagger import TAGGED, Tagger
from shelftag.training.examples import texts_of

NEIGHBOURS = 3
"""Nearest names shown beside a recovered product."""

RECOVERED = (
    *("id", "name", "filed_under", "department", "suggested", "confidence", "status"),
    *("alternatives", "nearest"),
)
SUSPECTS = (
    *("rank", "id", "name", "filed_under", "department", "suggested", "quality"),
    *("twin", "twin_department", "twin_similarity"),
)
"""Columns of the files; `department` is empty, for a person to fill."""


@dataclass(frozen=True)
class Products:
    """n products, each once."""

    table: pa.Table
    texts: list[str]
    """Model inputs, [n]."""

    @property
    def ids(self) -> list[str]:
        return [str(one) for one in self.table["id"].to_pylist()]

    @property
    def names(self) -> list[str]:
        names: list[str] = self.table["name"].to_pylist()
        return names

    @property
    def departments(self) -> list[str]:
        names: list[str] = self.table["department"].to_pylist()
        return names


@dataclass(frozen=True)
class Twin:
    """The product that speaks against a label; none has an empty name."""

    name: str = ""
    department: str = ""
    similarity: float = 0.0
    same_words: bool = False


def improve_catalog(run: Run, dataset: Dataset, tagger: Tagger, config: Config) -> CatalogWork:
    """Write both lists under RUN/evaluation/, and return the short of them.

    Suspects take the most time, and memory in proportion to the products; with
    `evaluation.suspects = false` they are left out, and an older suspects.csv is removed.
    """
    unlabelled, labelled = read_products(dataset)
    vectorizers = LinearModel.load(run.linear_dir).vectorizers
    recovered = recover(unlabelled, labelled, tagger, vectorizers)
    _write(run, "recovered.csv", RECOVERED, recovered)
    work = CatalogWork(
        unlabelled=len(recovered),
        tagged=sum(row["status"] == TAGGED for row in recovered),
        recovered=tuple(_recovered(row) for row in recovered[:SHOWN]),
    )
    if not config.evaluation.suspects:
        (run.evaluation_dir / "suspects.csv").unlink(missing_ok=True)
        return work
    found = doubt(labelled, tagger.departments, config.train.seed)
    twins = find_twins(labelled, found, tagger.departments, vectorizers)
    suspects = suspect_rows(labelled, found, tagger.departments, twins)
    _write(run, "suspects.csv", SUSPECTS, suspects)
    return work.model_copy(
        update={
            "labelled": len(labelled.texts),
            "estimated": found.estimated,
            "doubted": len(suspects),
            "contradicted": sum(twin.same_words for twin in twins),
            "suspects": tuple(_suspect(row) for row in suspects[:SHOWN]),
        }
    )


def read_products(dataset: Dataset) -> tuple[Products, Products]:
    """Those without a label, and those with one; under the `row` split an id has several rows."""
    table = pq.read_table(dataset.products_file)
    codes = table["id"].combine_chunks().dictionary_encode().indices.to_numpy()
    table = table.take(pa.array(np.unique(codes, return_index=True)[1]))
    without = pc.field("split") == "unlabelled"
    parts = [table.filter(rows) for rows in (without, ~without)]
    unlabelled, labelled = (Products(part, texts_of(part)) for part in parts)
    return unlabelled, labelled


def recover(
    products: Products, labelled: Products, tagger: Tagger, vectorizers: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Rows of recovered.csv, surest first."""
    tags = tags_table(tagger.rank(products.texts), tagger.departments.names).to_pylist()
    near = nearest(vectorizers, products.texts, labelled.texts, NEIGHBOURS)
    names, departments = labelled.names, labelled.departments
    rows = []
    for tag, places, cosines, *own in zip(
        tags,
        near.positions.tolist(),
        near.similarities.tolist(),
        *(products.ids, products.names, products.departments),
        strict=True,
    ):
        neighbours = [
            {"name": names[at], "department": departments[at], "similarity": round(cosine, 4)}
            for at, cosine in zip(places, cosines, strict=True)
            if at >= 0
        ]
        about = dict(zip(("id", "name", "filed_under"), own, strict=True))
        suggested = {"department": "", "suggested": tag["department"]}
        rows.append({**tag, **about, **suggested, "nearest": neighbours})
    return sorted(rows, key=lambda row: -row["confidence"])


def doubt(labelled: Products, departments: Departments, seed: int) -> Suspects:
    """Ask machines that have not learned a product, nor its twins, where it belongs."""
    labels = _labels(labelled, departments)
    groups = [token_key(name) for name in labelled.names]
    likely = out_of_fold(labelled.texts, labels, groups, len(departments), seed)
    return find_suspects(labels, likely)


def find_twins(
    labelled: Products, found: Suspects, departments: Departments, vectorizers: Mapping[str, Any]
) -> list[Twin]:
    """For each suspect a product of the same words in another department, or the nearest there."""
    names, labels = labelled.names, _labels(labelled, departments)
    near = nearest(
        vectorizers,
        [labelled.texts[row] for row in found.rows],
        labelled.texts,
        k=1,
        apart=(labels[found.rows], labels),
    )
    same = _same_words(names, labels, found.rows)
    twins = []
    for other, (at,), (cosine,) in zip(
        same, near.positions.tolist(), near.similarities.tolist(), strict=True
    ):
        place = at if other is None else other
        similarity = cosine if other is None else 1.0
        twin = Twin(names[place], departments.names[labels[place]], similarity, other is not None)
        twins.append(twin if place >= 0 else Twin())
    return twins


def _same_words(
    names: Sequence[str], labels: NDArray[np.int64], rows: Iterable[int]
) -> list[int | None]:
    """The first product with the words of each row's under another label."""
    keys = [token_key(name) for name in names]
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        alike[key].append(row)
    return [
        next((other for other in alike[keys[row]] if labels[other] != labels[row]), None)
        for row in rows
    ]


def suspect_rows(
    labelled: Products, found: Suspects, departments: Departments, twins: Sequence[Twin]
) -> list[dict[str, Any]]:
    """Rows of suspects.csv, most doubtful first."""
    ids, names, filed_under = labelled.ids, labelled.names, labelled.departments
    each = zip(found.rows, found.suggested, found.quality, twins, strict=True)
    return [
        {
            "rank": rank,
            "id": ids[row],
            "name": names[row],
            "filed_under": filed_under[row],
            "department": "",
            "suggested": departments.names[suggested],
            "quality": float(quality),
            "twin": twin.name,
            "twin_department": twin.department,
            "twin_similarity": twin.similarity,
        }
        for rank, (row, suggested, quality, twin) in enumerate(each, start=1)
    ]


def _labels(products: Products, departments: Departments) -> NDArray[np.int64]:
    return np.array([departments.index[name] for name in products.departments], np.int64)


def _recovered(row: Mapping[str, Any]) -> Recovered:
    names = tuple(one["name"] for one in row["nearest"])
    return Recovered(**{name: row[name] for name in Recovered.model_fields} | {"nearest": names})


def _suspect(row: Mapping[str, Any]) -> Suspect:
    return Suspect(**{name: row[name] for name in Suspect.model_fields})


def _write(run: Run, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    cells = ([_cell(row[column]) for column in columns] for row in rows)
    write_text(run.evaluation_dir / name, spreadsheet_csv(columns, cells))


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6f}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
