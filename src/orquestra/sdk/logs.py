"""Logs of runs, and the archives in which a Compute Engine sends them.

An archive is a gzip-compressed tar with one file, `step-logs`. Each of its lines is a JSON array
of events, an event is `[timestamp, message]`, and a message holds one line of output.
"""

import io
import json
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from fnmatch import fnmatch
from typing import Any

from orquestra.sdk.exceptions import InvalidWorkflowRunLogsError
from orquestra.sdk.schema import ir

_MEMBER = "step-logs"
_ENV_SETUP_FILES = "*session_*/logs/runtime_env_setup-*.log"


@dataclass(frozen=True)
class LogOutput:
    """Lines of standard output and of standard error."""

    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.out) + len(self.err)

    def _repr_html_(self) -> str:
        from orquestra.sdk.displays import output_html

        return output_html(self)


@dataclass(frozen=True)
class WorkflowLogs:
    """All logs of one run, by where they come from."""

    class WorkflowLogTypeName(Enum):
        """The kinds of logs."""

        PER_TASK = "per_task"
        SYSTEM = "system"
        ENV_SETUP = "env_setup"
        OTHER = "other"

    per_task: Mapping[ir.TaskInvocationId, LogOutput]
    env_setup: LogOutput
    system: LogOutput
    other: LogOutput

    def get_log_type(
        self, log_type: WorkflowLogTypeName
    ) -> Mapping[ir.TaskInvocationId, LogOutput] | LogOutput:
        """The logs of one kind.

        Raises:
            ValueError: there is no such kind.
        """
        if not isinstance(log_type, WorkflowLogs.WorkflowLogTypeName):
            raise ValueError(  # noqa: TRY004 - the public contract of release 1.1
                f"{log_type!r} is not a WorkflowLogs.WorkflowLogTypeName"
            )
        logs: Mapping[ir.TaskInvocationId, LogOutput] | LogOutput = getattr(self, log_type.value)
        return logs

    def _repr_html_(self) -> str:
        from orquestra.sdk.displays import logs_html

        return logs_html(self)


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line of output, as `WorkflowRun.follow_logs` gives it.

    Attributes:
        kind: where it comes from.
        text: the line, without its end.
        is_error: whether it was written to standard error.
        at: when; None for a run in process, which keeps no times.
        task_invocation_id: the task that wrote it; None for other kinds.
        node_id: the node on which it was written, where that is known.
    """

    kind: WorkflowLogs.WorkflowLogTypeName
    text: str
    is_error: bool = False
    at: datetime | None = None
    task_invocation_id: ir.TaskInvocationId | None = None
    node_id: str | None = None


def read_task_logs(archive: bytes) -> LogOutput:
    """The output of one task.

    Raises:
        InvalidWorkflowRunLogsError: the archive cannot be read.
    """
    return _by_stream(read_messages(archive), file_key="log_filename")


def read_logs_of_tasks(archive: bytes, *, run_id: str) -> dict[ir.TaskInvocationId, LogOutput]:
    """The output of many tasks of a run, by task; those that wrote nothing are left out.

    Raises:
        InvalidWorkflowRunLogsError: the archive cannot be read.
    """
    of_task: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for message in read_messages(archive):
        of_task[str(message.get("tag")).removeprefix(f"workflow.logs.{run_id}.")].append(message)
    return {
        ir.TaskInvocationId(invocation_id): _by_stream(messages, file_key="log_filename")
        for invocation_id, messages in of_task.items()
    }


def read_workflow_logs(archive: bytes) -> tuple[LogOutput, LogOutput]:
    """What set up the environments of tasks, and everything else of a run's cluster.

    Raises:
        InvalidWorkflowRunLogsError: the archive cannot be read.
    """
    messages = read_messages(archive)
    is_env_setup = [fnmatch(str(m.get("ray_filename")), _ENV_SETUP_FILES) for m in messages]
    env_setup = [m for m, matches in zip(messages, is_env_setup, strict=True) if matches]
    other = [m for m, matches in zip(messages, is_env_setup, strict=True) if not matches]
    return (
        _by_stream(env_setup, file_key="ray_filename"),
        _by_stream(other, file_key="ray_filename"),
    )


def read_system_logs(archive: bytes) -> LogOutput:
    """What happened to the machines of a run.

    Raises:
        InvalidWorkflowRunLogsError: the archive cannot be read.
    """
    return LogOutput(out=[str(message.get("log", "")) for message in read_messages(archive)])


def read_messages(archive: bytes) -> list[dict[str, Any]]:
    """All messages of an archive, in order.

    Raises:
        InvalidWorkflowRunLogsError: the archive cannot be read.
    """
    try:
        return list(_messages(_content(archive)))
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError, TypeError) as error:
        raise InvalidWorkflowRunLogsError(
            f"The Compute Engine sent logs that cannot be read: {error}. Check that no proxy "
            "between here and there changes compressed files."
        ) from error


def _content(archive: bytes) -> str:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        file = tar.extractfile(_MEMBER)
        if file is None:
            raise KeyError(f"{_MEMBER} is not a file")
        return file.read().decode()


def _messages(content: str) -> Iterator[dict[str, Any]]:
    for section in content.split("\n"):
        if section:
            for _timestamp, message in json.loads(section):
                yield dict(message)


def _by_stream(messages: Iterable[Mapping[str, Any]], *, file_key: str) -> LogOutput:
    output = LogOutput()
    for message in messages:
        is_error = str(message.get(file_key)).endswith(".err")
        (output.err if is_error else output.out).append(str(message.get("log", "")))
    return output
