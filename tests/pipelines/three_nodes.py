"""A Ray cluster on this machine, of three nodes or as many as are asked for, until it is killed.

    python -m tests.pipelines.three_nodes FILE [NODES]

FILE is written when the cluster is there: its address, and of the nodes that are not the head the
process ids of their raylets, and Ray's ids of them. At each SIGUSR1 one more joins, and is added to
FILE.
"""

import signal
import sys
from pathlib import Path
from typing import Any

from cluster.local import prepare_environment
from shelftag.artifacts import write_json

NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 100 * 2**20}


def main(file: Path, count: int) -> None:
    """Start the nodes and wait."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    prepare_environment()
    from ray.cluster_utils import Cluster

    head = {**NODE, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(**NODE) for _ in range(count - 1)]
    while True:
        raylets = [node.all_processes["raylet"][0].process.pid for node in nodes]
        ids = [node.node_id for node in nodes]
        write_json(file, {"address": cluster.address, "raylets": raylets, "nodes": ids})
        signal.sigwait({signal.SIGUSR1})
        nodes.append(cluster.add_node(**NODE))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
