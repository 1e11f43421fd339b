import io
import tarfile
from pathlib import Path

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import InvalidWorkflowRunLogsError
from orquestra.sdk.logs import (
    LogOutput,
    read_messages,
    read_system_logs,
    read_task_logs,
    read_workflow_logs,
)

DATA = Path(__file__).parent / "data"


def pack(content, name="step-logs"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_a_recorded_task_log_is_split_by_stream():
    archive = (DATA / "task-run-logs.tar.gz").read_bytes()

    assert read_task_logs(archive) == LogOutput(out=["5000"], err=["ERROR:root:error log"])


def test_recorded_workflow_logs_are_split_by_origin():
    archive = (DATA / "workflow-run-logs.tar.gz").read_bytes()

    env_setup, other = read_workflow_logs(archive)

    assert len(env_setup) + len(other) == len(read_messages(archive)) == 265
    assert any("pip" in line for line in env_setup.out)
    assert len(other) > 0


def test_recorded_system_logs_are_read():
    logs = read_system_logs((DATA / "workflow-run-system-logs.tar.gz").read_bytes())

    assert len(logs.out) == 13 + 131


def test_an_empty_archive_means_no_logs():
    assert not read_task_logs(pack(b""))


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        b"noise",
        pack(b"", name="other"),
        pack(b"{"),
        pack(b"[1]"),
        pack(b"[[1]]"),
        pack(b"\xff"),
    ],
)
def test_an_archive_that_cannot_be_read_is_told(archive):
    with pytest.raises(InvalidWorkflowRunLogsError, match="cannot be read"):
        read_messages(archive)


def test_logs_are_chosen_by_kind():
    system = LogOutput(out=["node started"])
    logs = sdk.WorkflowLogs(per_task={}, env_setup=LogOutput(), system=system, other=LogOutput())

    assert logs.get_log_type(sdk.WorkflowLogs.WorkflowLogTypeName.SYSTEM) is system
    with pytest.raises(ValueError, match="WorkflowLogTypeName"):
        logs.get_log_type("system")
