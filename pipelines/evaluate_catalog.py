"""A Run and its Dataset -> recovered.csv and suspects.csv: lists to work through.

    unlabelled --> Tagger -------> suggestion --.
                                                +--> nearest labelled names --> recovered.csv
    labelled --> out-of-fold --> cleanlab ------+--> twins filed elsewhere ---> suspects.csv

A person fills the column `department` of either, and `shelftag prepare --overrides FILE` takes it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pipelines.evaluate_products import Products, read_products
from pipelines.evaluate_suspects import SUSPECTS, doubt, suspect_rows
from pipelines.evaluate_twins import find_twins
from shelftag.artifacts import Dataset, Run, write_text
from shelftag.catalog.spreadsheet import spreadsheet_csv
from shelftag.config import Config
from shelftag.evaluation.catalog_work import SHOWN, CatalogWork, Recovered, Suspect
from shelftag.model.linear import LinearModel
from shelftag.model.nearest import MAX_AMONG, MAX_ASKED, nearest, seeded_sample
from shelftag.tagging.columns import tags_table
from shelftag.tagging.tagger import TAGGED, Tagger

NEIGHBOURS = 3
"""Nearest names shown beside a recovered product."""

MAX_CHECKED = 200_000
"""Labels that are checked; of more, a seeded sample: terms and probabilities are held in memory."""

RECOVERED = (
    *("id", "name", "filed_under", "department", "suggested", "confidence", "status"),
    *("alternatives", "nearest"),
)
"""Columns of recovered.csv; `department` is empty, for a person to fill."""


def improve_catalog(run: Run, dataset: Dataset, tagger: Tagger, config: Config) -> CatalogWork:
    """Write both lists under RUN/evaluation/, and return the short of them.

    Suspects take the most time; with `evaluation.suspects = false` they are left out, and an older
    suspects.csv is removed. What is done for some products only, in a catalog of millions, is said.
    """
    seed = config.train.seed
    unlabelled, labelled = read_products(dataset)
    vectorizers = LinearModel.load(run.linear_dir).vectorizers
    recovered = recover(unlabelled, labelled, tagger, vectorizers, seed)
    _write(run, "recovered.csv", RECOVERED, recovered)
    work = CatalogWork(
        unlabelled=len(recovered),
        tagged=sum(row["status"] == TAGGED for row in recovered),
        recovered=tuple(_recovered(row) for row in recovered[:SHOWN]),
        near_for=_if_fewer(MAX_ASKED, len(recovered)),
        near_among=_if_fewer(MAX_AMONG, len(labelled.texts)),
    )
    if not config.evaluation.suspects:
        (run.evaluation_dir / "suspects.csv").unlink(missing_ok=True)
        return work
    departments = tagger.departments
    labels = np.array([departments.index[name] for name in labelled.departments], np.int64)
    checked = seeded_sample(len(labels), MAX_CHECKED, seed)
    found = doubt(labelled, labels, checked, len(departments), seed)
    twins = find_twins(labelled.names, labelled.texts, labels, found.rows, vectorizers, seed)
    suspects = suspect_rows(labelled, found, twins, departments)
    _write(run, "suspects.csv", SUSPECTS, suspects)
    return work.model_copy(
        update={
            "labelled": len(labels),
            "checked": _if_fewer(MAX_CHECKED, len(labels)),
            "twins_for": _if_fewer(MAX_ASKED, len(suspects)),
            "estimated": found.estimated,
            "doubted": len(suspects),
            "contradicted": sum(twin.same_words for twin in twins),
            "suspects": tuple(_suspect(row) for row in suspects[:SHOWN]),
        }
    )


def recover(
    products: Products,
    labelled: Products,
    tagger: Tagger,
    vectorizers: Mapping[str, Any],
    seed: int,
) -> list[dict[str, Any]]:
    """Rows of recovered.csv, surest first; from row `MAX_ASKED` on they have no nearest names."""
    tags = tags_table(tagger.rank(products.texts), tagger.departments.names)
    order = np.argsort(-tags["confidence"].to_numpy(), kind="stable")
    tags = tags.take(order).to_pylist()
    surest = Products(products.table.take(order), [products.texts[row] for row in order])
    neighbours = near_names(surest, labelled, vectorizers, seed)
    each = zip(surest.ids, surest.names, surest.departments, tags, neighbours, strict=True)
    return [
        {
            **tag,
            "id": product_id,
            "name": name,
            "filed_under": filed_under,
            "department": "",
            "suggested": tag["department"],
            "nearest": near,
        }
        for product_id, name, filed_under, tag, near in each
    ]


def near_names(
    products: Products, labelled: Products, vectorizers: Mapping[str, Any], seed: int
) -> list[list[dict[str, Any]]]:
    """The nearest labelled names of each product, nearest first."""
    near = nearest(vectorizers, products.texts, labelled.texts, NEIGHBOURS, seed)
    names, departments = labelled.names, labelled.departments
    return [
        [
            {"name": names[at], "department": departments[at], "similarity": round(cosine, 4)}
            for at, cosine in zip(places, cosines, strict=True)
            if at >= 0
        ]
        for places, cosines in zip(near.positions.tolist(), near.similarities.tolist(), strict=True)
    ]


def _if_fewer(most: int, count: int) -> int | None:
    """A limit where it was one, for what counts None as all."""
    return most if most < count else None


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
