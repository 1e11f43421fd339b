"""The story of a user without a Compute Engine: `orq up`, workflows, `orq down`, nothing left."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.places import Containers, HostProcesses
from tests.running_engine import ORQ, wait_for

pytestmark = [pytest.mark.containers, pytest.mark.timeout(300)]

PROGRAM = """
import os
from pathlib import Path

import orquestra.sdk as sdk

@sdk.task
def read(name):
    print("reading", name)
    return Path(name).read_text()

@sdk.task(custom_image={image!r})
def paint(text):
    print("painting", text)
    return text + " in " + os.environ["COLOUR"]

@sdk.workflow
def painting():
    return paint(read("text.txt"))

@sdk.task
def wait(seconds):
    import time
    time.sleep(seconds)
    return seconds

@sdk.workflow
def patience():
    return wait(1), wait(8)

@sdk.task(dependency_imports=[sdk.PythonImports("no-such-package-of-orquestra==1.2.3")])
def needy():
    return 1

@sdk.workflow
def wanting():
    return needy()

@sdk.task(resources=sdk.Resources(gpu="1"))
def compute():
    return 1

@sdk.workflow(resources=sdk.Resources(gpu="1"))
def computing():
    return compute()
"""

KEPT = {
    "engine.db",
    "engine.db.lock",
    "artifacts",
    "environments",
    "logs",
    "keys",
    "engine.id",
    "engine.log",
    "run",
}
ENDED = {"SUCCEEDED", "FAILED", "ERROR", "TERMINATED", "KILLED"}


@dataclass
class LocalRuntime:
    """A user's machine: a project's folder, and `orq` on a data folder for the local runtime."""

    project: Path
    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def engine_id(self) -> str:
        return (self.data / "engine.id").read_text().strip()

    def orq(self, *arguments: str, expect: int = 0) -> str:
        done = subprocess.run(
            [ORQ, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.project,
            env={
                **os.environ,
                "ORQ_CONFIG_PATH": str(self.data.parent / "config.json"),
                "ORQ_LOCAL_DATA": str(self.data),
                **self.environment,
            },
            timeout=120,
        )
        assert done.returncode == expect, f"{arguments}: {done.stdout}\n{done.stderr}\n{self.log}"
        return done.stdout if expect == 0 else done.stderr

    def json(self, *arguments: str) -> dict:
        return json.loads(self.orq(*arguments, "--json"))

    @property
    def log(self) -> str:
        path = self.data / "engine.log"
        return path.read_text() if path.exists() else ""

    def submit(self, name: str) -> str:
        return self.json("wf", "submit", "flow.py", name, "-c", "local")["run_id"]

    def view(self, run_id: str) -> dict:
        return self.json("wf", "view", run_id, "-c", "ray")

    def finish(self, run_id: str, *, within: float) -> dict:
        wait_for(
            lambda: self.view(run_id)["state"] in ENDED,
            within=within,
            what=lambda: f"{self.view(run_id)}\n{self.log}",
        )
        return self.view(run_id)

    def values(self, run_id: str) -> list:
        results = self.json("wf", "results", run_id, "-c", "local")["results"]
        return [result["value"] for result in results]

    def kill(self) -> None:
        os.kill(self.json("status")["pid"], signal.SIGKILL)
        wait_for(lambda: self.json("status")["state"] == "Not Running", within=5)


@pytest.fixture(scope="module")
def project(custom_image, tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    image = custom_image("coloured", "ENV COLOUR=blue")
    (folder / "flow.py").write_text(PROGRAM.format(image=image))
    (folder / "text.txt").write_text("hello")
    return folder


@pytest.fixture
def machine(project, tmp_path_factory):
    """Makes local runtimes; they are stopped when the test is over."""
    made = []

    def make(**environment: str) -> LocalRuntime:
        data = tmp_path_factory.mktemp("home") / "local"
        made.append(LocalRuntime(project=project, data=data, environment=environment))
        return made[-1]

    yield make
    for runtime in made:
        runtime.orq("down")


@pytest.fixture(scope="module")
def runtime(project, tmp_path_factory):
    """A local runtime that is up."""
    runtime = LocalRuntime(project=project, data=tmp_path_factory.mktemp("home") / "local")
    runtime.orq("up")
    yield runtime
    runtime.orq("down")


def test_up_is_quick_and_a_second_one_changes_nothing(machine):
    runtime = machine()
    begin = time.monotonic()

    first = runtime.json("up")

    assert time.monotonic() - begin < 10
    second = runtime.json("up", "--ray")
    assert (first["started"], second["started"]) == (True, False)
    assert second["pid"] == first["pid"]
    assert runtime.json("status")["state"] == "Running"


def test_a_workflow_over_a_host_process_and_a_container(runtime):
    run_id = runtime.submit("painting")

    assert runtime.finish(run_id, within=120)["state"] == "SUCCEEDED", runtime.view(run_id)

    assert runtime.values(run_id) == ["hello in blue"]
    logs = runtime.orq("wf", "logs", run_id, "-c", "local", "--task")
    assert "reading text.txt" in logs
    assert "painting hello" in logs
    timing = runtime.json("wf", "timing", run_id, "-c", "local")
    assert {task["function"] for task in timing["tasks"]} == {"read", "paint"}
    painting = next(task for task in timing["tasks"] if task["function"] == "paint")
    assert painting["durations"]["running"] > 0  # its pool may have booted while `read` ran
    assert "coloured" in runtime.orq("wf", "timing", run_id, "-c", "local")


def test_commands_find_the_local_runtime_where_no_login_is_saved(runtime):
    run_id = runtime.json("wf", "submit", "flow.py", "patience")["run_id"]

    assert runtime.json("wf", "view", run_id)["run_id"] == run_id
    runtime.orq("wf", "stop", run_id)


def test_a_requirement_that_cannot_be_installed_is_told_within_a_minute(runtime):
    run_id = runtime.submit("wanting")

    ended = runtime.finish(run_id, within=60)

    assert ended["state"] == "FAILED"
    assert "no-such-package-of-orquestra" in f"{ended['message']} {ended['tasks']}"
    logs = runtime.orq("wf", "logs", run_id, "-c", "local", "--env-setup")
    assert "no-such-package-of-orquestra" in logs


def test_a_gpu_that_is_not_there_is_refused_with_the_way_out(runtime):
    refusal = runtime.orq("wf", "submit", "flow.py", "computing", "-c", "local", expect=9)

    assert "GPU" in refusal
    assert "simulate" in refusal


def test_a_simulated_gpu_serves_where_there_is_none(machine):
    runtime = machine()
    runtime.orq("up", "--simulate-gpu", "1")

    run_id = runtime.submit("computing")

    assert runtime.finish(run_id, within=60)["state"] == "SUCCEEDED", runtime.view(run_id)


def test_runs_go_on_after_the_engine_was_killed(machine):
    runtime = machine()
    runtime.orq("up")
    run_id = runtime.submit("patience")
    wait_for(lambda: runtime.view(run_id)["state"] == "RUNNING", within=30)

    runtime.kill()

    assert "orq up" in runtime.orq("wf", "view", run_id, "-c", "local", expect=11)
    assert runtime.json("up")["started"]
    assert runtime.finish(run_id, within=90)["state"] == "SUCCEEDED", runtime.view(run_id)
    assert runtime.values(run_id) == [1, 8]


def test_runs_go_on_at_the_next_up(machine):
    runtime = machine()
    runtime.orq("up")
    run_id = runtime.submit("patience")
    wait_for(lambda: runtime.view(run_id)["state"] == "RUNNING", within=30)

    assert run_id in runtime.orq("down")

    runtime.orq("up")
    assert runtime.finish(run_id, within=90)["state"] == "SUCCEEDED", runtime.view(run_id)


def test_two_data_folders_are_two_runtimes(machine):
    one, other = machine(), machine()

    assert one.json("up")["url"] != other.json("up")["url"]

    run_id = one.submit("patience")
    other.orq("wf", "view", run_id, "-c", "local", expect=255)
    other.orq("down")
    assert one.finish(run_id, within=60)["state"] == "SUCCEEDED"


@pytest.fixture
def temporary():
    """A folder for temporary files, whose path is short enough for Ray."""
    folder = Path("/tmp") / secrets.token_hex(3)
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("killed", [False, True], ids=["running", "killed"])
def test_down_leaves_nothing_but_what_is_to_be_kept(machine, temporary, container_client, killed):
    runtime = machine(TMPDIR=str(temporary))
    runtime.orq("up")
    runtime.finish(runtime.submit("painting"), within=120)
    runtime.submit("patience")
    assert list(temporary.glob("orq-*"))
    if killed:
        runtime.kill()

    runtime.orq("down")

    assert list(temporary.iterdir()) == []
    assert runtime.json("status")["state"] == "Not Running"
    assert HostProcesses(runtime, None).members("") == {}
    containers = Containers(runtime, None, container_client)
    assert containers.listed() == []
    assert containers.networks() == []
    assert {path.name for path in runtime.data.iterdir()} <= KEPT
    files = [path for path in (runtime.data / "run").rglob("*") if not path.is_dir()]
    kept = {"engine.lock", "podman.json"}  # which options podman needs here is remembered
    if killed:
        kept.add("podman.log")  # stays where no container was left to be looked for
    assert {path.name for path in files} <= kept
