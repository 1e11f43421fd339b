import contextlib
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from orquestra.cli.services import starting, stopping
from orquestra.cli.services.starting import StartOptions
from orquestra.sdk.configuration import local_engine
from tests.unit.cli.canned_engine import token

FAKE = Path(__file__).with_name("fake_engine.py")


class Engines:
    """The fake engines of a test; `modes` has how the next ones behave, `well` after those."""

    def __init__(self, data):
        self.data = data
        self.modes = []
        self.pids = set()

    def command(self, options):
        mode = self.modes.pop(0) if self.modes else "well"
        return [sys.executable, str(FAKE), str(options.data), mode, token()]

    @property
    def started(self):
        """How the engines that came up behaved, in turn."""
        path = self.data / "starts"
        return path.read_text().split() if path.exists() else []

    def kill(self):
        """End the running engine at once; it leaves its file behind."""
        pid = local_engine.holder(self.data)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return pid


@pytest.fixture
def engines(orq, tmp_path, monkeypatch):
    data = tmp_path / "local"
    monkeypatch.setenv("ORQ_LOCAL_DATA", str(data))
    engines = Engines(data)
    monkeypatch.setattr(StartOptions, "command", property(engines.command))
    monkeypatch.setattr(starting, "START_LIMIT", timedelta(seconds=1))
    monkeypatch.setattr(stopping, "STOP_LIMIT", timedelta(milliseconds=300))
    yield engines
    with contextlib.suppress(TypeError, ChildProcessError):
        engines.kill()
