"""The files for Ray's cluster launcher: Ray's own schema, EC2's own model, our versions."""

import copy
import json
import shlex
from importlib.metadata import version
from typing import Any

import pytest
import yaml
from botocore import loaders, model, validate  # type: ignore[import-untyped]
from ray.autoscaler._private.util import validate_config
from ray.scripts import scripts

from tests.cluster.manifests import TREE

LAUNCHER = TREE / "cluster" / "launcher"
CLOUDS = pytest.mark.parametrize("cloud", ["aws", "gcp"])
GCP_FIELDS = {"machineType", "disks", "guestAccelerators", "metadata", "scheduling"}
"""Of https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert"""


def config(cloud: str) -> dict[str, Any]:
    """The file; with what Ray's launcher fills in, where nothing is given."""
    found: dict[str, Any] = yaml.safe_load((LAUNCHER / f"{cloud}.yaml").read_text())
    return {"cluster_synced_files": [], **found}


def started(cloud: str, role: str) -> dict[str, Any]:
    """The options of the `ray start` of a node, as Ray's command line reads them."""
    stop, start = config(cloud)[f"{role}_start_ray_commands"]
    assert stop == "ray stop"
    program, verb, *options = shlex.split(start)
    assert (program, verb) == ("ray", "start")
    with scripts.start.make_context(verb, options) as context:
        return dict(context.params)


@CLOUDS
def test_the_launcher_takes_it(cloud: str) -> None:
    validate_config(config(cloud))


@CLOUDS
def test_the_launcher_would_not_take_a_wrong_one(cloud: str) -> None:
    wrong = copy.deepcopy(config(cloud))
    wrong["available_node_types"]["t4-spot"]["max_worker"] = 1
    with pytest.raises(Exception, match="'max_worker' was unexpected"):
        validate_config(wrong)


@CLOUDS
def test_t4s_are_on_spot_machines_and_the_head_has_no_tasks(cloud: str) -> None:
    types = config(cloud)["available_node_types"]
    assert types[config(cloud)["head_node_type"]]["resources"] == {"CPU": 0}
    assert types["t4-spot"]["resources"]["GPU"] == 1
    node = json.dumps(types["t4-spot"]["node_config"])
    assert ("nvidia-tesla-t4" in node) if cloud == "gcp" else ("g4dn.xlarge" in node)
    spot = {name for name, one in types.items() if "spot" in json.dumps(one["node_config"]).lower()}
    assert spot == {"t4-spot"}
    assert all(one.get("min_workers", 0) == 0 for one in types.values())


@pytest.fixture(scope="module")
def instances() -> model.StructureShape:
    """What EC2's RunInstances takes, by botocore."""
    api = loaders.Loader().load_service_model("ec2", "service-2")
    shape = model.ServiceModel(api).operation_model("RunInstances").input_shape
    assert isinstance(shape, model.StructureShape)
    return shape


@pytest.mark.parametrize("name", ["head", "cpu", "t4-spot"])
def test_aws_takes_the_nodes(name: str, instances: model.StructureShape) -> None:
    node = config("aws")["available_node_types"][name]["node_config"]
    assert node.keys() <= instances.members.keys()
    report = validate.ParamValidator().validate({**node, "MinCount": 1, "MaxCount": 1}, instances)
    assert not report.has_errors(), report.generate_report()
    assert node["MetadataOptions"]["HttpTokens"] == "required"  # no version 1, which proxies leak


@pytest.mark.parametrize("name", ["head", "cpu", "t4-spot"])
def test_gcp_knows_the_fields(name: str) -> None:
    node = config("gcp")["available_node_types"][name]["node_config"]
    assert {"machineType", "disks"} <= node.keys() <= GCP_FIELDS


@CLOUDS
def test_the_token_goes_to_every_node_and_is_asked_for(cloud: str) -> None:
    found = config(cloud)
    (inside,) = found["file_mounts"]
    assert inside == "/home/ray/.ray/auth_token"  # where Ray looks, of the image's user
    assert "--env RAY_AUTH_MODE=token" in found["docker"]["run_options"]
    assert "chmod 600 ~/.ray/auth_token" in found["setup_commands"]


@CLOUDS
def test_the_dashboard_is_the_heads_own(cloud: str) -> None:
    head = started(cloud, "head")
    assert head["head"]
    assert head["dashboard_host"] == "127.0.0.1"
    assert head["disable_usage_stats"]
    worker = started(cloud, "worker")
    assert worker["address"] == f"$RAY_HEAD_IP:{head['port']}"


@CLOUDS
def test_the_image_and_the_shared_folder_are_those_of_kubernetes(cloud: str) -> None:
    docker = config(cloud)["docker"]
    assert docker["image"] == f"shelftag:{version('shelftag')}-gpu"
    assert "--volume /mnt/shelftag:/mnt/shelftag" in docker["run_options"]
    assert any("/mnt/shelftag" in line for line in config(cloud)["initialization_commands"])


@CLOUDS
def test_each_file_says_that_it_was_not_run(cloud: str) -> None:
    assert "NOT RUN" in (LAUNCHER / f"{cloud}.yaml").read_text().split("\ncluster_name")[0]
