"""A description, where there is one, must help: the same nano, with names alone and with both."""

from pathlib import Path

import numpy as np
import pytest

from shelftag.catalog.departments import Departments
from shelftag.catalog.split import split_of, token_set
from shelftag.catalog.text import text
from shelftag.config import Config, load_config
from shelftag.config.synthesis import SynthesisConfig
from shelftag.model.adapter import load_adapted, name_base
from shelftag.model.base import frozen_form
from shelftag.model.tokens import load_tokenizer
from shelftag.synthesis.products import made_products
from shelftag.synthesis.shelves import DEPARTMENTS
from shelftag.tagging.scorer import scorer_of
from shelftag.training.examples import Examples
from shelftag.training.fit import fit
from shelftag.training.pretrain import make_base

UNLEARNED = ("other", "missing")
LABELS = Departments(tuple(sorted(set(DEPARTMENTS.values()) - set(UNLEARNED))))


def settings(seed: int) -> Config:
    return load_config(
        overrides=[
            "model.nano.vocab_size=2000",
            "model.nano.hidden_size=96",
            "model.nano.intermediate_size=192",
            "model.nano.layers=1",
            "model.nano.heads=3",
            "model.lora.r=8",
            "train.per_device_train_batch_size=128",
            "train.epochs=12",
            "train.aisle_weight=0",
            "train.save_steps=9999",
            f"train.seed={seed}",
        ]
    )


def examples(split: str, seed: int, *, described: bool) -> Examples:
    """One split of 4,000 made products, all of whose descriptions are read or none."""
    config = SynthesisConfig(products=4_000, descriptions=True)
    rows = [
        row
        for row in made_products(config, np.random.SeedSequence(seed)).to_pylist()
        if DEPARTMENTS[row["department_id"]] in LABELS.index
        and split_of(token_set(row["product_name"])) == split
    ]
    return Examples(
        [text(row["product_name"], row["description"] if described else None) for row in rows],
        np.array([LABELS.index[DEPARTMENTS[row["department_id"]]] for row in rows]),
        np.ones(len(rows)),
        aisles=np.full(len(rows), -1),
        aisle_names=(),
    )


def accuracy(folder: Path, seed: int, *, described: bool) -> float:
    """Share of the test products of one trained nano that are right."""
    config, base = settings(seed), folder / "base"
    train, test = (examples(split, seed, described=described) for split in ("train", "test"))
    make_base(train.texts, LABELS, config.model.nano, seed, base, lambda *_: None)
    fit(config, str(base), LABELS, train, folder)
    (checkpoint,) = folder.glob("checkpoint-*")
    name_base(checkpoint, str(base))
    form = frozen_form(config.model, config.train, use_gpu=False)
    model = load_adapted(checkpoint, LABELS, form)
    scorer = scorer_of(model, load_tokenizer(checkpoint), LABELS, form, 256)
    return float((scorer.logits(test.texts).argmax(axis=1) == test.labels).mean())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_descriptions_help_the_model(tmp_path: Path, seed: int) -> None:
    named = accuracy(tmp_path / "named", seed, described=False)
    described = accuracy(tmp_path / "described", seed, described=True)
    print(f"seed {seed}: names {named:.3f}, with descriptions {described:.3f}")
    assert described > named + 0.03
