"""What the manifests run: our commands, with settings that hold, and serve/config.yaml's own."""

import importlib
import shlex
import tomllib
from typing import Any

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from pipelines.__main__ import main
from serve.app import ServeArgs
from serve.protection.exposed import is_loopback
from shelftag.config import Config
from tests.cluster.manifests import FILES, TREE, Pods, manifest, pods

JOBS = tuple(name for name in FILES if manifest(name)["kind"] == "RayJob")
SERVICE = manifest("rayservice.yaml")
FOLDER = "/mnt/shelftag/"


def words(name: str) -> list[str]:
    """The command of a job."""
    return shlex.split(manifest(name)["spec"]["entrypoint"])


def resolved(name: str, capsys: pytest.CaptureFixture[str]) -> Config:
    """What the command itself says its settings are."""
    assert main([*words(name)[1:], "--dry-run"]) == 0
    return Config.model_validate(yaml.safe_load(capsys.readouterr().out))


def workers(name: str) -> Pods:
    """The one group of workers of a manifest."""
    (group,) = (group for group in pods() if group.file == name and not group.is_head)
    return group


@pytest.mark.parametrize("name", JOBS)
def test_an_entrypoint_is_a_command_of_ours(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    program, verb, *_ = words(name)
    scripts = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]["scripts"]
    assert program in scripts
    assert name == f"rayjob-{verb}.yaml"
    assert resolved(name, capsys).scaling.address == "auto"


@pytest.mark.parametrize("name", JOBS)
def test_what_is_written_is_shared(name: str) -> None:
    _, _, *rest = words(name)
    places = [word for word in rest if "/" in word]
    assert len(places) >= 2
    assert all(place.startswith((FOLDER, "s3://shelftag-example/")) for place in places)


@pytest.mark.parametrize("name", JOBS)
def test_what_a_job_needs_is_there_when_it_begins(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A verb refuses a cluster that has less, and does not wait for an autoscaler."""
    scaling, group = resolved(name, capsys).scaling, workers(name)
    least, most = (group.group[key] for key in ("minReplicas", "maxReplicas"))
    assert least <= group.group["replicas"] <= most
    here = group.has("nvidia.com/gpu") if scaling.use_gpu else group.has("cpu")
    in_one_pod = int(min(here, group.has("cpu") // scaling.cpus_per_worker))
    assert in_one_pod * least >= (scaling.min_workers or scaling.workers)
    assert in_one_pod * most >= max(scaling.workers, scaling.tagging_actors or 1)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_tried_again_and_leaves_nothing_behind(name: str) -> None:
    spec = manifest(name)["spec"]
    assert spec["submissionMode"] == "HTTPMode"  # no pod of a submitter with a context of its own
    assert spec["shutdownAfterJobFinishes"]
    assert spec["backoffLimit"] >= 1
    assert 0 < spec["ttlSecondsAfterFinished"] < spec["activeDeadlineSeconds"]


def test_the_stages_meet_in_the_same_folders() -> None:
    prepare, train, tag = (words(f"rayjob-{verb}.yaml") for verb in ("prepare", "train", "tag"))

    def after(command: list[str], option: str) -> str:
        return command[command.index(option) + 1]

    assert after(prepare, "--out") == after(train, "--dataset")
    assert after(train, "--out") == after(tag, "--run") == application()["args"]["run"]


def served() -> dict[str, Any]:
    """Serve's config, as KubeRay hands it to Serve."""
    found: dict[str, Any] = yaml.safe_load(SERVICE["spec"]["serveConfigV2"])
    return found


def application() -> dict[str, Any]:
    """The one application."""
    (found,) = served()["applications"]
    assert isinstance(found, dict)
    return found


def test_the_service_is_our_config_file_but_for_where_it_runs() -> None:
    ours = yaml.safe_load((TREE / "serve" / "config.yaml").read_text())
    ours["proxy_location"] = "EveryNode"  # KubeRay's service sends requests to each pod with a copy
    ours["http_options"]["host"] = "0.0.0.0"  # of the pod
    ours["applications"][0]["args"]["run"] = "/mnt/shelftag/run"
    assert served() == ours


def test_serve_and_we_take_the_config() -> None:
    ServeDeploySchema.model_validate(served())
    ServeArgs.model_validate(application()["args"])
    module, _, name = application()["import_path"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_beyond_loopback_there_are_keys() -> None:
    assert not is_loopback(served()["http_options"]["host"])
    for group in pods():
        keys = [e for e in group.container["env"] if e["name"] == "SHELFTAG_API_KEYS"]
        wanted = {"name": "shelftag-api-keys", "key": "keys.txt"}  # not optional: no key, no pod
        given = [{"secretKeyRef": wanted}] if group.file == "rayservice.yaml" else []
        assert [e["valueFrom"] for e in keys] == given


def test_copies_and_one_more_of_an_upgrade_have_room() -> None:
    settings = application()["args"]["config"]["serve"]
    scale = application()["deployments"][0]["autoscaling_config"]
    group = workers("rayservice.yaml")
    assert group.group["minReplicas"] >= scale["min_replicas"] >= 2  # one pod may die
    room = group.group["minReplicas"] * group.has("cpu") / settings["cpus_per_replica"]
    assert room >= scale["max_replicas"] * (1 + settings["max_surge_percent"] / 100)


def test_an_upgrade_moves_no_more_than_it_has_made_room_for() -> None:
    """https://docs.ray.io/en/latest/cluster/kubernetes/user-guides/rayservice-incremental-upgrade.html"""
    strategy = SERVICE["spec"]["upgradeStrategy"]
    options = strategy["clusterUpgradeOptions"]
    assert strategy["type"] == "NewClusterWithIncrementalUpgrade"
    assert 0 < options["stepSizePercent"] <= options["maxSurgePercent"] <= 100
    assert options["intervalSeconds"] > 0
    assert options["gatewayClassName"]
    assert SERVICE["spec"]["excludeHeadPodFromServeSvc"]
    assert SERVICE["spec"]["rayClusterConfig"]["enableInTreeAutoscaling"]  # it asks for that


def test_a_dead_head_is_remembered_in_redis() -> None:
    options = SERVICE["spec"]["rayClusterConfig"]["gcsFaultToleranceOptions"]
    secret = options["redisPassword"]["valueFrom"]["secretKeyRef"]
    assert secret == {"name": "shelftag-redis", "key": "password"}
