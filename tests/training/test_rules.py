"""What `train` refuses before it starts."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.artifacts import Dataset, Leakage
from shelftag.errors import ArtifactError, ConfigError, InputError
from shelftag.model.tokens import load_tokenizer
from shelftag.sizing.gpus import GPUS, Device
from shelftag.training.rules import check_fits, check_lengths, check_trainable, this_gpu
from tests import tiny
from tests.presets import preset

KNOWN_PURCHASES = Leakage(held_out=100, test_purchases=1_000, test_purchases_known=11)
KNOWN_PRODUCTS = Leakage(held_out=1_000, token_set=27, test_purchases=1_000)


def with_leakage(folder: Path, leakage: Leakage) -> Dataset:
    dataset = tiny.write_dataset(folder)
    update = {"leakage": leakage, "split_protocol": "product"}
    dataset.publish(dataset.manifest().model_copy(update=update))
    return dataset


@pytest.mark.parametrize(
    ("leakage", "words"),
    [(KNOWN_PURCHASES, "1.1% .*test purchases"), (KNOWN_PRODUCTS, "2.7% .*held-out products")],
)
def test_a_dataset_that_leaks_is_refused_unless_that_is_meant(
    tmp_path: Path, leakage: Leakage, words: str
) -> None:
    dataset = with_leakage(tmp_path / "dataset", leakage)
    rule = rf"{words} .*data\.split = product.* 1% .*train\.allow_leakage=true"
    with pytest.raises(InputError, match=rule):
        check_trainable(tiny.CONFIG, dataset)
    check_trainable(tiny.config("train.allow_leakage=true"), dataset)


def test_a_share_at_the_limit_is_allowed(tmp_path: Path) -> None:
    leakage = Leakage(held_out=100, token_set=1, test_purchases=100, test_purchases_known=1)
    check_trainable(tiny.CONFIG, with_leakage(tmp_path / "dataset", leakage))


def test_departments_changed_since_the_dataset_are_refused(tmp_path: Path) -> None:
    dataset = tiny.write_dataset(tmp_path / "dataset")
    table = pq.read_table(dataset.products_file)
    names = ["sweets" if name == "bakery" else name for name in table["department"].to_pylist()]
    at = table.column_names.index("department")
    pq.write_table(table.set_column(at, "department", pa.array(names)), dataset.products_file)
    rule = r"products of 'sweets', and the Dataset's departments are 4 others: prepare .* again"
    with pytest.raises(ArtifactError, match=rule):
        check_trainable(tiny.CONFIG, dataset)


def test_a_rule_of_the_table_is_refused(tiny_dataset: Dataset) -> None:
    config = tiny.config("scaling.use_gpu=true", "scaling.strategy=zero3")
    with pytest.raises(ConfigError, match=r"model\.quant_storage = None breaks the rule: NF4"):
        check_trainable(config, tiny_dataset)


def test_a_precision_the_gpu_lacks_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"train\.bf16 = True .* \(t4\): set train\.bf16=false"):
        check_fits(preset("llama3_8b_24gb"), GPUS["t4"])


def test_a_base_that_cannot_be_held_is_refused() -> None:
    plain = preset("llama2_7b_t4", "model.quantization=none")
    with pytest.raises(
        ConfigError, match=r"13\.5 GiB .* gpu has 8\.0: add model\.quantization=nf4"
    ):
        check_fits(plain, Device("gpu", 8 * 2**30, (7, 5)))
    check_fits(plain, GPUS["a100-40"])
    check_fits(preset("llama2_7b_t4", "model.base=nobody/nothing"), GPUS["t4"])  # not counted


def test_no_gpu_where_one_is_asked_for_is_refused() -> None:
    import torch

    if torch.cuda.is_available():
        assert this_gpu().is_gpu
        return
    with pytest.raises(ConfigError, match=r"use_gpu = True, and torch sees no GPU"):
        this_gpu()


def test_long_texts_are_counted_and_cut_or_refused(tiny_base: Path) -> None:
    tokenizer = load_tokenizer(tiny_base)
    texts = ["bagel", "organic rye bread " * 10, "milk"]
    model = tiny.config("model.max_length=16").model
    assert check_lengths(tokenizer, texts[:1], model) is None
    found = check_lengths(tokenizer, texts, model)
    assert found is not None
    assert found.startswith("1 of 3 training texts have more than model.max_length = 16 tokens")
    assert found.endswith(": cut")
    refusing = tiny.config("model.max_length=16", "model.long_inputs=refuse").model
    with pytest.raises(InputError, match=r"1 of 3 .*: raise model\.max_length"):
        check_lengths(tokenizer, texts, refusing)
