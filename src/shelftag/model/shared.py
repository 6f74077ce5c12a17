"""One base in memory under several adapters, where Runs have the same base.

    base, in NF4 or 16 bit --+-- adapter of Run A --> its Scorer
                             '-- adapter of Run B --> its Scorer

As PEFT has it for several adapters (https://huggingface.co/docs/peft/developer_guides/lora): the
one asked for is made the active one before a forward pass. A merged form has the adapter in its
weights, and nothing to share. Not run on a GPU.
"""

import hashlib
import json
import threading
import weakref
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from shelftag.artifacts import fingerprint
from shelftag.catalog.departments import Departments
from shelftag.model.adapter import find_base, fitting, load_adapted, named_base
from shelftag.model.base import InferenceForm

WEIGHTS = ("quantization", "double_quant", "dtype", "revision", "quant_storage", "objective")
"""What of an inference form decides how a base is loaded."""


class SharedBase:
    """A PEFT model with several adapters, used and changed by one thread at a time."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.lock = threading.Lock()
        self.gone: list[str] = []
        """Adapters nobody holds any more; they go when the next one comes."""
        self._count = 0

    def add(self, adapter_dir: Path) -> str:
        """Load one more adapter; the others wait meanwhile. Gives the name it has here."""
        with self.lock:
            while self.gone:
                self.model.delete_adapter(self.gone.pop())
            self._count += 1
            name = f"adapter{self._count}"
            with fitting(adapter_dir):
                self.model.load_adapter(str(adapter_dir), name, is_trainable=False)
            self.model.eval()  # what was added just now too
            return name


class OnSharedBase:
    """One adapter over a shared base, called as the model it stands for."""

    def __init__(self, shared: SharedBase, name: str) -> None:
        self._shared, self._name = shared, name
        # only noted: this may be called anywhere, also in the middle of a forward pass
        weakref.finalize(self, shared.gone.append, name)

    def __call__(self, **batch: Any) -> Any:
        with self._shared.lock:
            model = self._shared.model
            if model.active_adapter != self._name:
                model.set_adapter(self._name, inference_mode=True)
            return model(**batch)

    def __getattr__(self, name: str) -> Any:
        """`config`, `device`, `dtype`: the base's."""
        return getattr(self._shared.model, name)


class SharedBases:
    """The bases that are in memory now."""

    def __init__(self) -> None:
        self._held: weakref.WeakValueDictionary[str, SharedBase] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def load(
        self, adapter_dir: Path, departments: Departments, form: InferenceForm, pad: int | None
    ) -> Any:
        """`load_adapted`, over a base that is there already if there is one.

        `pad` is the id of the token that fills rows up: the base's config has it, so all that
        share a base must have the same.

        Raises:
            ArtifactError: the adapter is of another base.
            ConfigError: the base cannot be loaded.
        """
        if form.merged:
            return load_adapted(adapter_dir, departments, form)
        key = base_key(adapter_dir, departments, form, pad)
        with self._lock:
            shared = self._held.get(key)
            if shared is None:
                shared = SharedBase(load_adapted(adapter_dir, departments, form))
                self._held[key] = shared
                return OnSharedBase(shared, shared.model.active_adapter)
            return OnSharedBase(shared, shared.add(adapter_dir))


def base_key(
    adapter_dir: Path, departments: Departments, form: InferenceForm, pad: int | None
) -> str:
    """Equal for Runs whose bases are the same in memory; a head has a row for each department."""
    base = named_base(adapter_dir)
    folder = Path(find_base(base, adapter_dir))
    files = sorted(file for file in folder.glob("*") if file.suffix in (".json", ".safetensors"))
    of_form = {name: value for name, value in asdict(form).items() if name in WEIGHTS}
    read = [(file.name, _digest(file, _state(file))) for file in files]
    place = [len(departments), of_form, pad, read or base]
    return fingerprint(json.dumps(place, sort_keys=True))


def _state(file: Path) -> tuple[int, int, int]:
    """What is another where a file was written anew: inode, bytes, nanoseconds."""
    status = file.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=1_000)
def _digest(file: Path, _: tuple[int, int, int]) -> str:
    """Of what is in a file, never all in memory; read once while the file's state is the same."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
