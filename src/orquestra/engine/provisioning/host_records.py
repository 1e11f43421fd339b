"""What is written down of a head or node that runs on the host, and read by any later engine.

A folder each, `<clusters>/<cluster>/nodes/<node>`. Tasks can put anything into the exchange of
their cluster, which lies beside `nodes`; so nothing is looked for there.

| file | what it says |
|---|---|
| `launch.json` | what was to be launched: labels, and a handle of its own for each launch |
| `process.json` | its first process; written by that (`host_init`) |
| `output` | what it has written |
| `exit.json` | exit code; written by its first process too |

A file that cannot be read counts as one that is not there.
"""

import json
import logging
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psutil import Process

from orquestra.engine.provisioning import host_init, host_tree
from orquestra.engine.provisioning.contract import Handle, LaunchSpec, Observation, Phase
from orquestra.sdk.schema.cluster import ClusterId, NodeId

logger = logging.getLogger(__name__)

_NODES = "nodes"
_LAUNCH = "launch.json"
_LAUNCH_KEYS = ("engine_id", "handle", "cluster_id", "node_id")
_PROCESS_KEYS = ("pid", "birth")
_EXIT_KEYS = ("code",)
_TAIL_BYTES = 256 * 1024
_KILLED = 137


@dataclass(frozen=True, kw_only=True)
class Record:
    """The record of one launched head or node."""

    folder: Path
    engine_id: str
    handle: Handle
    cluster_id: ClusterId
    node_id: NodeId

    @classmethod
    def of(cls, spec: LaunchSpec, *, cluster: Path, engine_id: str, launch: str) -> "Record":
        """The record of a launch that is about to begin; `launch` tells it from earlier ones."""
        return cls(
            folder=cluster / _NODES / spec.node_id,
            engine_id=engine_id,
            handle=Handle(f"{spec.cluster_id}/{spec.node_id}/{launch}"),
            cluster_id=spec.cluster_id,
            node_id=spec.node_id,
        )

    @property
    def marker(self) -> str:
        """By what its processes are told: the value of `host_tree.VARIABLE` in each of them."""
        return f"{self.engine_id}/{self.cluster_id}/{self.node_id}"

    def write(self) -> None:
        """Put it on disk. What an earlier launch has left there is gone then."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, mode=0o700)
        host_init.write(
            self.folder / _LAUNCH,
            {
                "engine_id": self.engine_id,
                "handle": self.handle,
                "cluster_id": self.cluster_id,
                "node_id": self.node_id,
            },
        )

    def observe(self) -> Observation:
        """What it is doing now."""
        process = _json(self.folder / host_init.PROCESS, keys=_PROCESS_KEYS)
        ended = _json(self.folder / host_init.EXIT, keys=_EXIT_KEYS)
        if process is None:
            return self._observation(Phase.CREATED)
        if ended is not None:
            return self._observation(Phase.EXITED, exit_code=ended["code"])
        if self.first_process() is not None:
            return self._observation(Phase.RUNNING)
        # Something has killed it so that it could not record its end, a reboot for example.
        return self._observation(Phase.EXITED, exit_code=_KILLED)

    def first_process(self) -> Process | None:
        """Its first process, where that is alive; never another one that has its id now."""
        process = _json(self.folder / host_init.PROCESS, keys=_PROCESS_KEYS)
        if process is None:
            return None
        return host_tree.find(process["pid"], birth=process["birth"], marker=self.marker)

    def tail(self, lines: int) -> list[str]:
        """The last lines it has written."""
        try:
            with (self.folder / host_init.OUTPUT).open("rb") as output:
                size = output.seek(0, 2)
                output.seek(max(0, size - _TAIL_BYTES))
                text = output.read().decode(errors="replace")
        except FileNotFoundError:
            return []
        return text.splitlines()[-lines:]

    def _observation(self, phase: Phase, *, exit_code: int | None = None) -> Observation:
        return Observation(
            handle=self.handle,
            cluster_id=self.cluster_id,
            node_id=self.node_id,
            phase=phase,
            exit_code=exit_code,
        )


def read_records(cluster: Path, *, engine_id: str) -> list[Record]:
    """The records of an engine in the folder of a cluster."""
    found = _read_all(cluster, engine_id=engine_id)
    return [record for record in found if record.engine_id == engine_id]


def belongs_to(cluster: Path, *, engine_id: str) -> bool:
    """Whether the folder of a cluster holds nothing of another engine."""
    found = _read_all(cluster, engine_id=engine_id)
    return all(record.engine_id == engine_id for record in found)


def _read_all(cluster: Path, *, engine_id: str) -> Iterator[Record]:
    for path in sorted(cluster.glob(f"{_NODES}/*/{_LAUNCH}")):
        launch = _json(path, keys=_LAUNCH_KEYS)
        if launch is not None:
            yield Record(folder=path.parent, **launch)
        elif path.exists():
            yield _unreadable(path.parent, engine_id=engine_id)


def _unreadable(folder: Path, *, engine_id: str) -> Record:
    """What a machine that lost its power has left: to be launched again, or removed."""
    cluster_id, node_id = ClusterId(folder.parent.parent.name), NodeId(folder.name)
    return Record(
        folder=folder,
        engine_id=engine_id,
        handle=Handle(f"{cluster_id}/{node_id}/unreadable"),
        cluster_id=cluster_id,
        node_id=node_id,
    )


def _json(path: Path, *, keys: Collection[str]) -> dict[str, Any] | None:
    """A file of a record; None where it is not there, or not what was written."""
    try:
        content = json.loads(path.read_text())
        return {key: content[key] for key in keys}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        logger.warning("%s cannot be read: %r", path, error, extra={"event": "record_unreadable"})
        return None
