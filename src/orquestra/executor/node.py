"""The first process of a node: one Ray node that joins the head of its cluster."""

from orquestra.executor.addresses import ray_folder
from orquestra.executor.processes import Processes
from orquestra.executor.ray_processes import (
    free_shared_memory,
    node_command,
    node_environment,
)
from orquestra.sdk.schema.starts import NodeStart


def run_node(start: NodeStart) -> int:
    """Be a node until Ray ends; its exit code."""
    processes = Processes()
    with ray_folder() as folder:
        command = node_command(start, folder=folder, shared_memory=free_shared_memory())
        processes.start("ray", command, environment=node_environment(start))
        _, code = processes.wait()
    return code
