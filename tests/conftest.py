"""Shared fixtures. Ray is started once a session; whatever needs it asks for `ray_here`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from cluster.local import prepare_environment, ray_session
from shelftag.artifacts import Dataset, Run
from tests import tiny
from tests.object_store import ObjectStore, object_store

prepare_environment()  # before the first import of Ray, in whatever order tests are collected

settings.register_profile("shelftag", deadline=None)  # a busy machine is not a failed test
settings.load_profile("shelftag")


@pytest.fixture(scope="session")
def ray_here() -> Iterator[None]:
    """One local Ray for all tests that need one."""
    with ray_session(tiny.CONFIG.scaling):
        yield


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    """An S3-compatible store, empty."""
    with object_store(tmp_path) as found:
        yield found


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """560 products in four departments."""
    return tiny.write_dataset(tmp_path_factory.mktemp("tiny") / "dataset")


@pytest.fixture(scope="session")
def tiny_base(tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A nano base made from them: a folder as `from_pretrained` takes it."""
    from shelftag.training.pretrain import make_base

    folder = tmp_path_factory.mktemp("base")
    departments, examples = tiny.learned(tiny_dataset)
    make_base(examples.texts, departments, tiny.CONFIG.model.nano, 0, folder, lambda *_: None)
    return folder


@pytest.fixture(scope="session")
def tiny_run(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """A Run over the tiny base, trained in this process."""
    return tiny.train(tiny_dataset, tiny_base, tmp_path_factory.mktemp("tiny") / "run")


@pytest.fixture(scope="session")
def tiny_generate_run(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """The same for the objective `generate`, over the same base."""
    folder = tmp_path_factory.mktemp("generate") / "run"
    return tiny.train(tiny_dataset, tiny_base, folder, tiny.GENERATE)
