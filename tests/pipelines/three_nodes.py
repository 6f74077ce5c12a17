"""A Ray cluster of three nodes on this machine, until it is killed.

    python -m tests.pipelines.three_nodes FILE

FILE is written when the cluster is there: its address, and the process ids of the raylets of the
two nodes that are not the head.
"""

import signal
import sys
from pathlib import Path
from typing import Any

from cluster.local import prepare_environment
from shelftag.artifacts import write_json

NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 100 * 2**20}


def main(file: Path) -> None:
    """Start the nodes and wait."""
    prepare_environment()
    from ray.cluster_utils import Cluster

    head = {**NODE, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(**NODE) for _ in range(2)]
    raylets = [node.all_processes["raylet"][0].process.pid for node in nodes]
    write_json(file, {"address": cluster.address, "raylets": raylets})
    signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
