"""The manifests of cluster/kuberay, and whether their fields are those of the published APIs."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

TREE = Path(__file__).parents[2]
KUBERAY = TREE / "cluster" / "kuberay"
FILES = tuple(sorted(path.name for path in KUBERAY.glob("*.yaml")))
PLAIN: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
Fields = dict[str, Any]


@cache
def known() -> dict[str, Fields | list[str]]:
    """Types by name: their fields, or the values that they may have."""
    text = (Path(__file__).parent / "manifest_fields.yaml").read_text()
    found: dict[str, Fields | list[str]] = yaml.safe_load(text)
    return found


def manifest(name: str) -> Fields:
    """The one document of a file."""
    found: Fields = yaml.safe_load((KUBERAY / name).read_text())
    return found


def wrong(value: object, kind: str, where: str) -> Iterator[str]:
    """What of a value is not as its type says, with its path."""
    if kind.endswith("_list"):
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for at, one in enumerate(value):
            yield from wrong(one, kind.removesuffix("_list"), f"{where}[{at}]")
    elif kind == "map":
        items = value.items() if isinstance(value, dict) else [(where, value)]
        yield from (f"{where}.{key} is no text" for key, one in items if not isinstance(one, str))
    elif kind in PLAIN:
        if not isinstance(value, PLAIN[kind]) or (kind != "boolean" and isinstance(value, bool)):
            yield f"{where} is no {kind}"
    elif kind != "any":
        yield from _wrong_fields(value, kind, where)


def _wrong_fields(value: object, kind: str, where: str) -> Iterator[str]:
    fields = known().get(kind)
    if fields is None:
        yield f"{where}: the type {kind} is not described in manifest_fields.yaml"
    elif isinstance(fields, list):
        if value not in fields:
            yield f"{where} is {value!r}, none of {', '.join(map(str, fields))}"
    elif not isinstance(value, dict):
        yield f"{where} is no {kind}"
    else:
        for name, one in value.items():
            if name not in fields:
                yield f"{where}.{name} is no field of {kind}"
            else:
                yield from wrong(one, fields[name], f"{where}.{name}")


def ray_spec(found: Fields) -> Fields | None:
    """The Ray cluster of a manifest, if it has one."""
    spec = found["spec"]
    places = {"RayCluster": spec, "RayJob": "rayClusterSpec", "RayService": "rayClusterConfig"}
    place = places.get(found["kind"])
    return spec[place] if isinstance(place, str) else place


class Pods(NamedTuple):
    """A group of pods of a Ray cluster: the head, or workers of one kind."""

    file: str
    group: Fields
    pod: Fields
    container: Fields

    @property
    def is_head(self) -> bool:
        """Workers have a group's name."""
        return "groupName" not in self.group

    @property
    def name(self) -> str:
        """For a test's own name."""
        return f"{self.file.removesuffix('.yaml')}-{self.group.get('groupName', 'head')}"

    def has(self, resource: str) -> int:
        """How much of a resource one pod has."""
        return int(self.container["resources"]["limits"].get(resource, 0))


def pods() -> list[Pods]:
    """All groups of all manifests."""
    found = []
    for file in FILES:
        spec = ray_spec(manifest(file))
        if spec is None:
            continue
        for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
            pod = group["template"]["spec"]
            (container,) = pod["containers"]
            found.append(Pods(file, group, pod, container))
    return found
