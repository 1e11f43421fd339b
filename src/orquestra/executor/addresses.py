"""Where the processes of a run cluster listen and keep their files on one machine."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orquestra.sdk.schema.starts import LONGEST_SCRATCH

_ELSEWHERE = ("192.0.2.1", 9)
"""An address for documentation: a socket pointed at it sends nothing, but knows its own end."""

FOLDER_VARIABLE = "RAY_TMPDIR"
NODE_VARIABLE = "RAY_CLOUD_INSTANCE_ID"
"""Environment variable of a node: its id."""
EXCHANGE_VARIABLE = "ORQUESTRA_EXCHANGE"
"""Environment variable of a node: the path of the exchange there."""
ENVIRONMENTS_VARIABLE = "ORQUESTRA_ENVIRONMENTS"
"""Environment variable of a node: the path of the environments' folder there."""


def own_address() -> str:
    """The address by which other containers or machines reach this one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:  # a network without a way out
            return socket.gethostbyname(socket.gethostname())
        return str(probe.getsockname()[0])


def free_port(host: str) -> int:
    """A port of this machine that nobody uses now."""
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def ray_folder() -> Iterator[Path]:
    """A new folder for the files of one Ray node, as long as the context; its path is short.

    Ray's own default is the same folder for all its clusters and users on a machine. Whoever
    started this process may have said where: it removes what a process that was killed leaves.
    """
    parent = os.environ.get(FOLDER_VARIABLE) or tempfile.gettempdir()
    if len(parent) > LONGEST_SCRATCH:
        parent = "/tmp"  # noqa: S108 - the folder below it is made for this process alone
    folder = Path(tempfile.mkdtemp(prefix="orq-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
