"""The manifests for Kubernetes: the published APIs' fields, our versions, and what is closed."""

import shlex
from importlib.metadata import version

import pytest
from ray.scripts import scripts

from tests.cluster.manifests import FILES, KUBERAY, Pods, manifest, pods, ray_spec, wrong

CLUSTERS = [name for name in FILES if ray_spec(manifest(name))]
ALL_PODS = pytest.mark.parametrize("group", pods(), ids=lambda group: group.name)
WORKERS = [group for group in pods() if not group.is_head]
SECRETS = {
    ("AWS_ACCESS_KEY_ID", "shelftag-s3"),
    ("AWS_SECRET_ACCESS_KEY", "shelftag-s3"),
    ("HF_TOKEN", "shelftag-hugging-face"),
}


def test_all_the_promised_kinds_are_there() -> None:
    kinds = {name: manifest(name)["kind"] for name in FILES}
    jobs = {f"rayjob-{verb}.yaml": "RayJob" for verb in ("prepare", "train", "tag")}
    rest = {"raycluster.yaml": "RayCluster", "rayservice.yaml": "RayService"}
    assert jobs.items() | rest.items() <= kinds.items()


@pytest.mark.parametrize("name", FILES)
def test_every_field_is_one_of_the_published_api(name: str) -> None:
    found = manifest(name)
    assert list(wrong(found, found["kind"], name)) == []
    versions = {"PersistentVolumeClaim": "v1", "NetworkPolicy": "networking.k8s.io/v1"}
    assert found["apiVersion"] == versions.get(found["kind"], "ray.io/v1")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"authOption": {}}, "c.authOption is no field of RayClusterSpec"),
        ({"authOptions": {"mode": "basic"}}, "c.authOptions.mode is 'basic', none of disabled"),
        ({"enableInTreeAutoscaling": "yes"}, "c.enableInTreeAutoscaling is no boolean"),
        ({"headGroupSpec": {"rayStartParams": {"num-cpus": 0}}}, "num-cpus is no text"),
        ({"headGroupSpec": {"headService": {}}}, "the type Service is not described"),
        ({"workerGroupSpecs": [{"minReplicas": True}]}, "[0].minReplicas is no integer"),
    ],
)
def test_a_wrong_field_is_found(change: dict[str, object], problem: str) -> None:
    (found,) = wrong(change, "RayClusterSpec", "c")
    assert problem in found


@pytest.mark.parametrize("name", CLUSTERS)
def test_a_cluster_has_our_ray_and_asks_for_a_token(name: str) -> None:
    spec = ray_spec(manifest(name))
    assert spec is not None
    assert spec["rayVersion"] == version("ray")
    assert spec["authOptions"] == {"mode": "token"}
    assert spec["enableInTreeAutoscaling"] is True
    assert spec["autoscalerOptions"]["version"] == "v2"
    resources = spec["autoscalerOptions"]["resources"]
    assert resources["requests"] == resources["limits"]


@pytest.mark.parametrize("name", CLUSTERS)
def test_the_dashboard_is_not_exposed(name: str) -> None:
    spec = ray_spec(manifest(name))
    assert spec is not None
    assert spec["headGroupSpec"]["serviceType"] == "ClusterIP"
    assert spec["headGroupSpec"]["enableIngress"] is False


@ALL_PODS
def test_images_are_ours_and_fit_the_machine(group: Pods) -> None:
    image, tag = group.container["image"].split(":")
    assert (image, tag.split("-")[0]) == ("shelftag", version("shelftag"))
    assert tag.endswith("-gpu") or group.has("nvidia.com/gpu") == 0


@ALL_PODS
def test_pods_are_not_root_and_get_what_they_ask_for(group: Pods) -> None:
    user = group.pod["securityContext"]
    assert user["runAsNonRoot"]
    assert user["runAsUser"] != 0
    assert user["seccompProfile"] == {"type": "RuntimeDefault"}
    locked = group.container["securityContext"]
    assert locked == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    resources = group.container["resources"]
    assert resources["requests"] == resources["limits"]
    assert {"cpu", "memory"} <= resources["limits"].keys()
    # the head's is KubeRay's own, for its autoscaler
    assert group.is_head or group.pod["automountServiceAccountToken"] is False


@ALL_PODS
def test_pods_share_one_folder_and_name_secrets_only(group: Pods) -> None:
    claim = manifest("storage.yaml")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    volumes = {volume["name"]: volume for volume in group.pod["volumes"]}
    shared = volumes["shelftag"]["persistentVolumeClaim"]
    assert shared == {"claimName": claim["metadata"]["name"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in group.container["volumeMounts"]}
    assert mounts == {"shelftag": "/mnt/shelftag", "ray-logs": "/tmp/ray"}
    env = group.container["env"]
    named = {(e["name"], e["valueFrom"]["secretKeyRef"]["name"]) for e in env if "valueFrom" in e}
    assert named - {("SHELFTAG_API_KEYS", "shelftag-api-keys")} == SECRETS
    written = {e["name"]: e["value"] for e in env if "value" in e}
    assert written == {"HF_HOME": "/mnt/shelftag/huggingface"}


@ALL_PODS
def test_ray_starts_with_options_that_it_has(group: Pods) -> None:
    options = {name for option in scripts.start.params for name in option.opts}
    assert {f"--{name}" for name in group.group["rayStartParams"]} <= options
    if group.is_head:
        assert group.group["rayStartParams"]["num-cpus"] == "0"


@pytest.mark.parametrize("group", WORKERS, ids=lambda group: group.name)
def test_a_worker_that_has_to_leave_tells_ray_first(group: Pods) -> None:
    shell, flag, command = group.container["lifecycle"]["preStop"]["exec"]["command"]
    assert (shell, flag) == ("sh", "-c")
    drain, wait = command.split(";")
    program, verb, *options = shlex.split(drain)
    assert (program, verb) == ("ray", "drain-node")
    with scripts.drain_node.make_context(verb, options) as context:
        left = context.params["deadline_remaining_seconds"]
    assert context.params["reason"] == "DRAIN_NODE_REASON_PREEMPTION"
    waits = int(wait.removeprefix(" sleep "))
    assert waits <= left < group.pod["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("group", WORKERS, ids=lambda group: group.name)
def test_gpus_are_asked_for_where_they_are(group: Pods) -> None:
    selector = group.pod.get("nodeSelector", {})
    assert ("cloud.google.com/gke-accelerator" in selector) == (group.has("nvidia.com/gpu") > 0)
    tolerated = {one["key"] for one in group.pod.get("tolerations", [])}
    assert ("nvidia.com/gpu" in tolerated) == (group.has("nvidia.com/gpu") > 0)
    assert ("cloud.google.com/gke-spot" in selector) == group.group["groupName"].endswith("spot")
    assert "cloud.google.com/gke-spot" not in selector.keys() - tolerated


def test_the_standing_cluster_has_the_three_kinds_of_machine() -> None:
    groups = {g.group["groupName"]: g for g in WORKERS if g.file == "raycluster.yaml"}
    gpus = {name: group.has("nvidia.com/gpu") for name, group in groups.items()}
    assert gpus == {"cpu": 0, "t4-spot": 1, "a100": 8}


def test_the_policy_lets_nobody_else_in() -> None:
    policy = manifest("network-policy.yaml")["spec"]
    assert policy["policyTypes"] == ["Ingress"]
    among, *others = policy["ingress"]
    assert among == {"from": [{"podSelector": policy["podSelector"]}]}
    assert all(rule["from"] and rule["ports"] for rule in others)


def test_no_two_clusters_have_a_name_and_so_services_in_common() -> None:
    names = [manifest(name)["metadata"]["name"] for name in CLUSTERS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", FILES)
def test_each_file_says_that_it_was_not_run(name: str) -> None:
    head = (KUBERAY / name).read_text().split("\napiVersion")[0]
    assert "NOT RUN" in head
    assert all(line.startswith("#") for line in head.splitlines())
