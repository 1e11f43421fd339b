"""The first process of a node's container: one Ray node that joins the run's head."""

import socket
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from orquestra.executor.processes import Processes
from orquestra.executor.ray_processes import (
    free_shared_memory,
    node_command,
    node_environment,
)
from orquestra.sdk.schema.cluster import NodeStart

_NAME_LIMIT = timedelta(seconds=20)
_PAUSE = 0.2


def run_node(start: NodeStart) -> int:
    """Be a node until Ray ends; its exit code."""
    processes = Processes()
    # gRPC asks for a name anew in every process, and where one question is lost while containers
    # come and go, it waits tens of seconds before it asks again. So Ray never sees the name.
    start = start.model_copy(update={"head_host": address_of(start.head_host)})
    folder = Path(tempfile.gettempdir()) / f"ray-{start.node_id}"
    command = node_command(start, folder=folder, shared_memory=free_shared_memory())
    processes.start("ray", command, environment=node_environment(start))
    _, code = processes.wait()
    return code


def address_of(host: str, *, limit: timedelta = _NAME_LIMIT) -> str:
    """The IP address of a host, asked for until `limit` where there is no answer yet.

    Raises:
        OSError: there is none.
    """
    end = time.monotonic() + limit.total_seconds()
    while True:
        try:
            return socket.gethostbyname(host)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
