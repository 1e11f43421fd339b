"""Heads and nodes as processes of this machine, in the Python environment of the engine."""

import asyncio
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning import host_init, host_tree
from orquestra.engine.provisioning.completing import completed
from orquestra.engine.provisioning.contract import (
    Capacity,
    Handle,
    Inventory,
    LaunchSpec,
    Phase,
)
from orquestra.engine.provisioning.host_capacity import host_capacity
from orquestra.engine.provisioning.host_records import Record, belongs_to, read_records
from orquestra.engine.secrets import key_source
from orquestra.sdk.schema.cluster import HOST_IMAGE, ClusterId, NodeId
from orquestra.sdk.schema.starts import LONGEST_SCRATCH

_LAUNCH_LIMIT = timedelta(seconds=30)
_LAUNCH_BYTES = 4


class HostProcesses:
    """The `Provisioner` that starts processes of this machine, as the user who runs the engine.

    Its only image is `HOST_IMAGE`. Sizes and mounts are not enforced: the processes can use the
    whole machine. What is known of them lies in `clusters`, a folder for each cluster, which is
    its network; they outlive the engine, and its next process finds them there. Ray's temporary
    files lie in a folder of their own (`RAY_TMPDIR`), which goes with the node.
    """

    def __init__(self, clusters: Path, *, engine_id: str, simulated_gpus: int = 0) -> None:
        self._clusters = clusters
        self._engine_id = engine_id
        self._simulated_gpus = simulated_gpus
        self._nodes: defaultdict[tuple[ClusterId, NodeId], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def capacity(self) -> Capacity:
        """What this process may use of the machine."""
        return host_capacity(simulated_gpus=self._simulated_gpus)

    async def pull(self, image: str) -> None:
        """Nothing is to be pulled; any other image than `HOST_IMAGE` cannot be had."""
        _require_host_image(image)

    async def launch(self, spec: LaunchSpec) -> Handle:
        """Start the first process of `spec`, or give the handle of the one that was started."""
        _require_host_image(spec.image)
        async with self._nodes[spec.cluster_id, spec.node_id]:
            try:
                return await completed(asyncio.to_thread(self._launch, spec))
            except OSError as error:
                raise ProvisioningError(
                    f"Node {spec.node_id} could not start as a process of this machine: "
                    f"{error.filename or self._clusters} cannot be written ({error.strerror}). "
                    "Free disk space, or make the folder writable for the user who runs the engine."
                ) from error

    async def inventory(self) -> Inventory:
        """All that is recorded."""
        return await asyncio.to_thread(self._inventory)

    async def tail(self, handle: Handle, lines: int) -> list[str]:
        """The last lines a head or node has written."""
        return await asyncio.to_thread(self._tail, handle, lines)

    async def remove(self, handle: Handle, grace: timedelta) -> None:
        """End all processes of a head or node, orphans too, and forget it."""
        record = await asyncio.to_thread(self._record, handle)
        if record is None:
            return
        async with self._nodes[record.cluster_id, record.node_id]:
            await completed(asyncio.to_thread(_remove, record, grace))
        self._nodes.pop((record.cluster_id, record.node_id), None)

    async def remove_network(self, cluster_id: ClusterId) -> None:
        """Delete the folder of a cluster, with its exchange, and whatever still runs of it.

        Raises:
            ProvisioningError: Something in it cannot be deleted.
        """
        for record in await asyncio.to_thread(self._records, cluster_id):
            await self.remove(record.handle, timedelta(0))
        await completed(asyncio.to_thread(self._delete, self._clusters / cluster_id))

    def _launch(self, spec: LaunchSpec) -> Handle:
        for record in self._records(spec.cluster_id):
            if record.node_id == spec.node_id and record.observe().phase is not Phase.CREATED:
                return record.handle
        launch = secrets.token_hex(_LAUNCH_BYTES)
        cluster = self._clusters / spec.cluster_id
        record = Record.of(spec, cluster=cluster, engine_id=self._engine_id, launch=launch)
        # An engine that died in the middle of a launch may have left processes.
        host_tree.kill_all(record.marker, first=None)
        record.write()
        _start(record, spec)
        return record.handle

    def _inventory(self) -> Inventory:
        folders = [
            folder
            for folder in self._clusters.glob("*")
            if folder.is_dir() and belongs_to(folder, engine_id=self._engine_id)
        ]
        return Inventory(
            containers=tuple(
                record.observe()
                for folder in folders
                for record in self._records(ClusterId(folder.name))
            ),
            networks=frozenset(ClusterId(folder.name) for folder in folders),
        )

    def _tail(self, handle: Handle, lines: int) -> list[str]:
        record = self._record(handle)
        return record.tail(lines) if record else []

    def _delete(self, folder: Path) -> None:
        if not belongs_to(folder, engine_id=self._engine_id):
            return
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            raise ProvisioningError(
                f"The folder {folder} of a run cluster that is over cannot be deleted. "
                "See whose files are in it, and delete it by hand."
            )

    def _record(self, handle: Handle) -> Record | None:
        records = self._records(ClusterId(handle.partition("/")[0]))
        return next((record for record in records if record.handle == handle), None)

    def _records(self, cluster_id: ClusterId) -> list[Record]:
        return read_records(self._clusters / cluster_id, engine_id=self._engine_id)


def _start(record: Record, spec: LaunchSpec) -> None:
    environment = {
        **os.environ,
        **spec.environment,
        host_tree.VARIABLE: record.marker,
        "RAY_TMPDIR": str(_make_scratch(record)),
    }
    # Tasks have secrets, but not the key to all of them.
    environment.pop(key_source.VARIABLE, None)
    init = [sys.executable, "-I", "-S", host_init.__file__, str(record.folder)]
    try:
        subprocess.run(
            [*init, *_command(spec.command)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_LAUNCH_LIMIT.total_seconds(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or error
        raise ProvisioningError(
            f"Node {spec.node_id} could not start as a process of this machine: {said}. "
            "Free memory, processes or disk space, whichever of them it names."
        ) from error


def _command(command: Sequence[str]) -> list[str]:
    """The engine's own Python in place of whichever `python` PATH would find."""
    program, *arguments = command
    return [sys.executable if program == "python" else program, *arguments]


def _remove(record: Record, grace: timedelta) -> None:
    first = record.first_process()
    if first is not None and grace:
        host_tree.terminate(first, grace=grace)
    host_tree.kill_all(record.marker, first=first)
    shutil.rmtree(_scratch(record), ignore_errors=True)
    shutil.rmtree(record.folder, ignore_errors=True)


def _make_scratch(record: Record) -> Path:
    """Make the folder for temporary files anew: never one that somebody else has put there."""
    scratch = _scratch(record)
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        scratch.mkdir(mode=0o700)
    except FileExistsError as error:
        raise ProvisioningError(
            f"Node {record.node_id} could not start as a process of this machine: somebody has put "
            f"{scratch} in the way of its temporary files. Remove that, or have it removed."
        ) from error
    return scratch


def _scratch(record: Record) -> Path:
    digest = hashlib.sha256(record.marker.encode()).hexdigest()[:8]
    scratch = Path(tempfile.gettempdir()) / f"orq-{digest}"
    if len(str(scratch)) > LONGEST_SCRATCH:  # the executor takes no longer one
        return Path("/tmp") / scratch.name  # noqa: S108 - made anew, for one node alone
    return scratch


def _require_host_image(image: str) -> None:
    if image != HOST_IMAGE:
        raise ProvisioningError(
            f"Image {image} is not present: processes of this machine run without any image."
        )
