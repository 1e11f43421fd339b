"""Runs in process whose retries do not wait, and a place where tasks and tests meet."""

import sys
import threading
from datetime import timedelta
from types import ModuleType, SimpleNamespace

import pytest

from orquestra import sdk
from orquestra.sdk.in_process.records import RunRecord


@pytest.fixture
def waits(monkeypatch):
    """The pauses between tries, in seconds; they take no time."""
    waits = []

    def is_to_stop(_record, *, within=timedelta()):
        if within:
            waits.append(within.total_seconds())
        return False

    monkeypatch.setattr(RunRecord, "is_to_stop", is_to_stop)
    return waits


@pytest.fixture
def execute(waits):
    """Runs a task, and gives the run; its retries wait for nothing."""

    def start(task, *arguments, dry_run=False):
        @sdk.workflow
        def of_one_task():
            return task(*arguments)

        return of_one_task().run("in_process", dry_run=dry_run)

    return start


@pytest.fixture
def meeting(monkeypatch):
    """Events of a task: `begun` is set by it, `go_on` is what it waits for.

    Tasks import them from the module `in_process_meeting`: events do not travel inside their code.
    """
    events = SimpleNamespace(begun=threading.Event(), go_on=threading.Event())
    module = ModuleType("in_process_meeting")
    module.events = events
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return events
