"""A local engine as a process: its cluster of host processes comes, survives a kill, and goes."""

import contextlib
import json
import signal
import sqlite3
import stat
import subprocess
import time
from datetime import timedelta

import psutil
import pytest

from orquestra.engine.provisioning.host_tree import VARIABLE
from orquestra.sdk.configuration import local_engine
from tests.running_engine import ORQ

START = timedelta(seconds=60)


class LocalEngine:
    """A local engine with a data folder of its own."""

    def __init__(self, folder) -> None:
        self.data = folder / "data"
        self.log = folder / "engine.log"
        self.process = None

    def start(self) -> None:
        command = [ORQ, "engine", "serve", "--local", "--data", str(self.data)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=log)
        wait_for(lambda: local_engine.read(self.data) is not None, what=self.log)

    def node(self):
        """The id of the node that has joined."""
        wait_for(self._ready, what=self.log)
        return self._ready()[0]

    def _ready(self):
        with contextlib.closing(sqlite3.connect(self.data / "engine.db")) as database:
            rows = database.execute("select id from nodes where state = 'READY'")
            return rows.fetchone()

    def processes(self):
        """All processes of its clusters that can still be told to be."""
        engine_id = (self.data / "engine.id").read_text()
        return [each for each in psutil.process_iter() if marker(each).startswith(f"{engine_id}/")]

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait(30)


@pytest.fixture
def make(tmp_path):
    """Makes local engines; whatever is left of them at the end is ended."""
    made = []

    def local_engine_of_its_own():
        folder = tmp_path / f"engine-{len(made)}"
        folder.mkdir()
        made.append(LocalEngine(folder))
        return made[-1]

    yield local_engine_of_its_own
    for engine in made:
        if engine.process.poll() is None:
            engine.end(signal.SIGTERM)
        for process in engine.processes():
            process.kill()


def test_a_local_engine_brings_a_node_and_takes_everything_along(make):
    engine = make()
    engine.start()
    node = engine.node()
    file = local_engine.file_path(engine.data)
    clusters = engine.data / "run" / "clusters"

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert local_engine.find(engine.data) is not None
    assert json.loads(file.read_text())["pid"] == engine.process.pid
    assert list(clusters.glob(f"*/nodes/{node}/process.json"))
    assert engine.processes()
    engine.end(signal.SIGTERM)

    assert not file.exists()
    assert engine.processes() == []
    assert list(clusters.iterdir()) == []


def test_a_local_engine_that_was_killed_is_followed_by_one_that_goes_on_with_its_cluster(make):
    engine = make()
    engine.start()
    node = engine.node()
    before = {process.pid for process in engine.processes()}

    engine.end(signal.SIGKILL)
    local_engine.delete(engine.data)  # as the next start overwrites it; the test waits for it
    engine.start()

    assert engine.node() == node
    assert before <= {process.pid for process in engine.processes()}


def test_two_local_engines_work_beside_each_other(make):
    first, second = make(), make()
    first.start()
    second.start()
    second.node()

    first.end(signal.SIGTERM)

    assert first.processes() == []
    assert second.processes()
    assert local_engine.find(second.data) is not None


def test_a_second_engine_on_the_same_data_is_refused(make):
    engine = make()
    engine.start()
    command = [ORQ, "engine", "serve", "--local", "--data", str(engine.data)]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 1
    assert str(engine.process.pid) in done.stderr
    assert local_engine.find(engine.data) is not None


def test_a_data_folder_with_too_long_a_name_is_refused(tmp_path):
    data = tmp_path / ("long" * 30)
    command = [ORQ, "engine", "serve", "--local", "--data", str(data)]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 1
    assert local_engine.DATA_VARIABLE in done.stderr
    assert "Traceback" not in done.stderr


def marker(process) -> str:
    try:
        return process.environ().get(VARIABLE, "")
    except (psutil.Error, OSError):
        return ""


def wait_for(condition, *, what):
    deadline = time.monotonic() + START.total_seconds()
    while not condition():
        assert time.monotonic() < deadline, what.read_text()
        time.sleep(0.1)
