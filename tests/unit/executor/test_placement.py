"""What is asked of Ray, and what is made of its answers. Ray itself is a stand-in here."""

import time
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue

import pytest
from ray import exceptions as ray_errors

from orquestra.executor import placement as module
from orquestra.executor.capacity import Demand
from orquestra.executor.installation import InstallResult
from orquestra.executor.memory import NodeMemory
from orquestra.executor.placement import RayPlacement
from orquestra.executor.progress import ProgressNote
from orquestra.executor.protocol import Hello
from orquestra.executor.surroundings import Cause, Environment, Installed, Installing, Requirements

GIB = 2**30
DEMAND = Demand(cpu=2, memory=GIB, gpu=1)
PLAIN = Environment(pool_id="pool", demand=DEMAND)
NEEDY = Environment(
    pool_id="pool",
    demand=DEMAND,
    requirements=Requirements(packages=("numpy",)),
    variables=(("A", "1"),),
)


class Reference:
    """A reference whose answer the test gives."""

    def __init__(self):
        self.answer = Future()

    def future(self):
        return self.answer


class Ray:
    """The few functions of Ray that are in use."""

    def __init__(self):
        self.asked = []
        self.cancelled = []
        self.memory = NodeMemory(peak=GIB, limit=2 * GIB, oom_kills=0)

    def remote(self, function=None, **options):
        if function is None:
            return partial(self.remote, **options)
        return Remote(self, function.__name__, options)

    def cancel(self, reference, *, force):
        assert force
        self.cancelled.append(reference)

    def get(self, reference, *, timeout):
        if isinstance(self.memory, Exception):
            raise self.memory
        return self.memory


class Remote:
    def __init__(self, ray, name, options):
        self._ray, self._name, self._options = ray, name, options

    def options(self, **options):
        return Remote(self._ray, self._name, {**self._options, **options})

    def remote(self, *arguments):
        reference = Reference()
        self._ray.asked.append((self._name, self._options, reference, arguments))
        return reference


@pytest.fixture
def ray(monkeypatch):
    fake = Ray()
    for name in ("remote", "cancel", "get"):
        monkeypatch.setattr(module.ray, name, getattr(fake, name))
    return fake


@pytest.fixture
def placement(ray, tmp_path):
    inbox = SimpleQueue()
    placed = RayPlacement(address=("127.0.0.1", 1), key=b"key", inbox=inbox, exchange=tmp_path)
    placed.inbox = inbox
    return placed


def death_by(placement, ray, error, *, up=True):
    placement.start("w1", PLAIN)
    if up:
        placement.arrived(Hello("w1", "node-1", 1, 0.0))
    answer = ray.asked[0][2].answer
    answer.set_exception(error) if error else answer.set_result(None)
    died = placement.inbox.get(timeout=5)
    assert died.worker_id == "w1"
    return died.death


def test_a_worker_holds_the_resources_of_its_environment_on_its_pool(placement, ray):
    placement.start("w1", PLAIN)

    name, options, _, (start,) = ray.asked[0]
    assert name == "run_worker"
    assert (start.worker_id, start.address) == ("w1", ("127.0.0.1", 1))
    assert (options["num_cpus"], options["num_gpus"], options["memory"]) == (2, 1, GIB)
    assert options["label_selector"] == {"orquestra.io/pool": "pool"}
    assert (options["max_retries"], options["max_calls"]) == (0, 1)
    assert options["runtime_env"] is None


def test_a_worker_runs_in_the_environment_that_was_installed_for_it(placement, ray):
    placement.install(NEEDY, image="image", access=None)
    installed = InstallResult("/envs/1/bin/python", None, [(1.0, "Installed numpy")])
    ray.asked[0][2].answer.set_result((installed, "node-1"))
    assert isinstance(placement.inbox.get(timeout=5), Installing)
    assert placement.inbox.get(timeout=5) == Installed("pool", NEEDY.requirements, None)

    placement.start("w1", NEEDY)

    assert ray.asked[1][1]["runtime_env"] == {
        "env_vars": {"A": "1"},
        "py_executable": "/envs/1/bin/python",
    }


def test_an_installation_that_fails_tells_what_the_installer_said(placement, ray):
    placement.install(NEEDY, image="image", access=None)
    ray.asked[0][2].answer.set_result((InstallResult(None, "ERROR: no", []), "node-1"))

    assert placement.inbox.get(timeout=5).problem == "ERROR: no"


def test_a_worker_that_leaves_has_ended(placement, ray):
    assert death_by(placement, ray, None).cause is Cause.ENDED


def test_a_worker_that_was_cancelled_is_told_apart(placement, ray):
    placement.start("w1", PLAIN)
    placement.cancel("w1")
    ray.asked[0][2].answer.set_exception(ray_errors.TaskCancelledError())

    assert placement.inbox.get(timeout=5).death.cause is Cause.CANCELLED
    assert len(ray.cancelled) == 1


def test_a_crash_names_the_call_that_ran_and_its_last_lines(placement, ray, tmp_path):
    note = ProgressNote(tmp_path, "w1")
    note.begin(7, 123.0)

    death = death_by(placement, ray, ray_errors.WorkerCrashedError())

    assert (death.cause, death.running, death.started_at) == (Cause.CRASH, 7, 123.0)
    assert not list(tmp_path.glob("w1.*"))


def test_a_kill_by_the_kernel_for_memory_is_told_by_its_count(placement, ray, tmp_path):
    ProgressNote(tmp_path, "w1").begin(7, 123.0)
    ray.memory = NodeMemory(peak=GIB, limit=2 * GIB, oom_kills=1)

    death = death_by(placement, ray, ray_errors.WorkerCrashedError())

    assert (death.cause, death.used, death.limit) == (Cause.OUT_OF_MEMORY, GIB, 2 * GIB)


def test_the_numbers_of_rays_memory_monitor_win(placement, ray):
    error = ray_errors.OutOfMemoryError("... was 1.50GB / 2.00GB (0.75), which exceeds ...")

    death = death_by(placement, ray, error)

    assert (death.cause, death.used) == (Cause.OUT_OF_MEMORY, 1.5 * GIB)


@pytest.mark.parametrize("up", [True, False])
def test_a_node_that_died_took_its_worker_along(placement, ray, up):
    error = ray_errors.NodeDiedError("gone")

    assert death_by(placement, ray, error, up=up).cause is Cause.NODE_LOST


def test_a_node_that_cannot_be_looked_at_is_lost(placement, ray):
    ray.memory = ray_errors.GetTimeoutError("too long")

    assert death_by(placement, ray, ray_errors.WorkerCrashedError()).cause is Cause.NODE_LOST


@pytest.mark.parametrize("error", [ConnectionResetError("reset"), EOFError(), TimeoutError()])
def test_a_connection_that_fails_before_a_worker_is_up_may_go_better_next_time(
    placement, ray, error
):
    assert death_by(placement, ray, error, up=False).cause is Cause.CRASH


def test_a_death_is_told_even_where_nothing_can_be_found_out_about_it(placement, ray, monkeypatch):
    def broken(*_):
        raise OSError

    monkeypatch.setattr(module, "read_progress", broken)

    assert death_by(placement, ray, ray_errors.WorkerCrashedError()).cause is Cause.NODE_LOST


def test_of_workers_that_die_together_the_node_is_looked_at_once(placement, ray):
    for name in ("w1", "w2", "w3"):
        placement.start(name, PLAIN)
        placement.arrived(Hello(name, "node-1", 1, 0.0))
    workers = [reference for _, _, reference, _ in ray.asked]
    since = time.monotonic() - 1
    memory = placement._examinations.of("node-1", since=since)
    again = placement._examinations.of("node-1", since=since)

    assert len(ray.asked) == len(workers) + 1
    assert memory is again is ray.memory
    placement._examinations.of("node-1", since=time.monotonic())
    assert len(ray.asked) == len(workers) + 2, "an old look says nothing about a new death"


def test_what_ray_cannot_set_up_is_hopeless(placement, ray):
    death = death_by(placement, ray, ray_errors.RuntimeEnvSetupError("no python"), up=False)

    assert death.cause is Cause.UNABLE
    assert "no python" in death.message
