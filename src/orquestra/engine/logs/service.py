"""The three kinds of log archives, with the records that the published client expects."""

from collections.abc import Iterable, Iterator
from typing import IO, Any

from orquestra.engine.logs.archives import Event, archive
from orquestra.engine.logs.storage import LogStorage, StoredLine
from orquestra.sdk.schema.cluster import LogKind, LogStream

_RAY_LOGS = "/tmp/ray/session_latest/logs"  # noqa: S108 - a name in a record, not a file of ours


def workflow_archive(storage: LogStorage, run_id: str) -> IO[bytes]:
    """Output of installers and everything else that belongs to no task."""
    return archive(_workflow_events(storage, run_id))


def task_archive(storage: LogStorage, run_id: str, *, invocation_id: str) -> IO[bytes]:
    """Output of one task."""
    return archive(_task_events(storage, run_id, invocation_id))


def tasks_archive(storage: LogStorage, run_id: str, *, invocation_ids: Iterable[str]) -> IO[bytes]:
    """Output of many tasks, one after another; their tags say whose it is."""
    return archive(
        event
        for invocation_id in invocation_ids
        for event in _task_events(storage, run_id, invocation_id)
    )


def system_archive(storage: LogStorage, run_id: str) -> IO[bytes]:
    """What happened to the run cluster: nodes that came, went and failed."""
    return archive(_system_events(storage, run_id))


def _workflow_events(storage: LogStorage, run_id: str) -> Iterator[Event]:
    # The client sorts by file name: `runtime_env_setup-*` is environment set-up, `.err` is stderr.
    for kind, name in ((LogKind.ENV_SETUP, "runtime_env_setup"), (LogKind.OTHER, "worker")):
        for line in storage.read(run_id, kind):
            ending = "log" if kind is LogKind.ENV_SETUP else line.stream.value
            file = f"{_RAY_LOGS}/{name}-{line.node_id or 'head'}.{ending}"
            tag = f"workflow.logs.ray.{run_id}"
            yield _event(line, tag=tag, ray_filename=file, log=line.text)


def _task_events(storage: LogStorage, run_id: str, invocation_id: str) -> Iterator[Event]:
    for line in storage.read(run_id, LogKind.TASK, invocation_id=invocation_id):
        ending = "err" if line.stream is LogStream.ERR else "out"
        file = f"/var/task_run_logs/wf/{run_id}/task/{invocation_id}.{ending}"
        tag = f"workflow.logs.{run_id}.{invocation_id}"
        yield _event(line, tag=tag, log_filename=file, log=line.text)


def _system_events(storage: LogStorage, run_id: str) -> Iterator[Event]:
    for line in storage.read(run_id, LogKind.SYSTEM):
        source = "RAY_WORKER_NODE" if line.node_id else "UNKNOWN"
        tag = f"workflow.logs.system.{run_id}"
        yield _event(line, tag=tag, source_type=source, source_id=line.node_id or "", log=line.text)


def _event(line: StoredLine, **record: Any) -> Event:
    return (line.at, record)
