"""Whether all machines see the same folders: what a task writes on one, others must find."""

from collections.abc import Mapping
from pathlib import Path

from shelftag.errors import Failed


def check_nodes(made: Mapping[str, Path]) -> None:
    """Refuse a cluster whose nodes do not see what is there on this one; call inside a session.

    Args:
        made: option -> a file or folder that is there, such as the marker of a folder begun here.

    Raises:
        Failed: naming the node, the path and the ways out.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    if len(nodes) < 2:
        return
    check = ray.remote(num_cpus=0)(check_node)
    there = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=True) for node in nodes]
    ray.get([check.options(scheduling_strategy=node).remote(made) for node in there])


def check_node(made: Mapping[str, Path]) -> None:
    """In a task: the same for the node it runs on, which may have joined since.

    Raises:
        Failed: as `check_nodes`.
    """
    import ray

    for option, path in made.items():
        if not path.exists():
            raise Failed(
                f"node {ray.util.get_node_ip_address()} does not see {path} of {option}",
                f"put {option} on storage that all nodes mount under the same path (NFS, EFS, "
                "Filestore), or run on one node",
            )


def local(option: str, where: str | Path) -> dict[str, Path]:
    """What to check of a path or URI: nothing of what an object store holds."""
    return {} if "://" in str(where) else {option: Path(where).absolute()}
