"""The autoscaler that KubeRay runs beside the head, which Ray ships: it reads our clusters."""

from typing import Any

import pytest
from ray.autoscaler._private.kuberay.autoscaling_config import (
    _derive_autoscaling_config_from_ray_cr as derived,
)
from ray.autoscaler._private.util import validate_config

from tests.cluster.manifests import FILES, Pods, manifest, pods, ray_spec

CLUSTERS = [name for name in FILES if ray_spec(manifest(name))]


def read(name: str) -> dict[str, Any]:
    """What it makes of a manifest; KubeRay makes such a cluster of a job or a service, too."""
    made = {"metadata": {"name": name, "namespace": "default"}, "spec": ray_spec(manifest(name))}
    config: dict[str, Any] = derived(made)
    validate_config(config)
    return config


@pytest.mark.parametrize("group", pods(), ids=lambda group: group.name)
def test_it_sees_what_the_pods_have(group: Pods) -> None:
    types = read(group.file)["available_node_types"]
    found = types[group.group.get("groupName", "headgroup")]
    gpus = group.has("nvidia.com/gpu")
    assert found["resources"].get("GPU", 0) == gpus
    assert found["resources"]["CPU"] == (0 if group.is_head else group.has("cpu"))
    memory = group.container["resources"]["limits"]["memory"]
    assert found["resources"]["memory"] == int(memory.removesuffix("Gi")) * 2**30
    if not group.is_head:
        limits = (group.group["minReplicas"], group.group["maxReplicas"])
        assert (found["min_workers"], found["max_workers"]) == limits


@pytest.mark.parametrize("name", CLUSTERS)
def test_it_waits_five_minutes_before_it_takes_a_pod(name: str) -> None:
    assert read(name)["idle_timeout_minutes"] == 5
