"""Following what the engine says is to be done."""

import threading

import pytest

from orquestra.executor.assignment import NO_VERSION, Assignment
from orquestra.executor.engine_client import EngineClient
from orquestra.executor.errors import ClusterOver, EngineRefused
from orquestra.executor.pools import AutoscalerFile, PoolRelease
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema.workflow_run import State


class Runner:
    """Notes what it is to run."""

    def __init__(self):
        self.running = {}
        self.pools = []
        self.changed = threading.Condition()

    def set_pools(self, pools):
        self.pools = [pool.id for pool in pools]

    def begin(self, plan, definition):
        with self.changed:
            self.running[plan.run_id] = definition
            self.changed.notify_all()

    def end(self, run_id):
        with self.changed:
            del self.running[run_id]
            self.changed.notify_all()

    def wait_for(self, *run_ids):
        with self.changed:
            assert self.changed.wait_for(lambda: self.running.keys() == {*run_ids}, timeout=5)


class Told(list):
    """Takes events."""

    def add(self, *events):
        self.extend(events)


class Refusing(EngineClient):
    """An engine that cannot hand out the plan of one run."""

    def plan(self, run_id):
        if run_id == "broken":
            raise EngineRefused("no plan")
        return super().plan(run_id)


def run(run_id):
    builder = PlanBuilder(run_id=run_id)
    return builder.build(builder.call(len, "abc"))


@pytest.fixture
def runner():
    return Runner()


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def engine(serve):
    return serve(run("run-1"), run("run-2"))


@pytest.fixture
def client(engine):
    client = Refusing(engine.head_start)
    yield client
    client.close()


@pytest.fixture
def assignment(client, runner, told, tmp_path):
    return Assignment(
        client,
        runner=runner,
        events=told,
        autoscaler=AutoscalerFile(tmp_path / "autoscaler.json", cluster_id="cluster-1"),
        release=PoolRelease(client),
    )


def test_new_runs_are_begun_once_and_those_that_are_gone_are_ended(engine, assignment, runner):
    assignment.apply(engine.work(after=NO_VERSION))
    first = runner.running["run-1"]

    engine.end("run-2")
    engine.submit(run("run-3"))
    assignment.apply(engine.work(after=NO_VERSION))

    assert runner.running.keys() == {"run-1", "run-3"}
    assert runner.running["run-1"] is first
    assert runner.pools == ["default"]


def test_a_run_that_ends_before_it_begins_is_passed_over(engine, assignment, runner, told):
    work = engine.work(after=NO_VERSION)
    engine.end("run-1")

    assignment.apply(work)

    assert runner.running.keys() == {"run-2"}
    assert told == []


def test_a_run_without_a_plan_fails_alone(engine, assignment, runner, told):
    engine.submit(run("broken"))

    assignment.apply(engine.work(after=NO_VERSION))

    assert runner.running.keys() == {"run-1", "run-2"}
    (end,) = told
    assert (end.run_id, end.state) == ("broken", State.FAILED)
    assert "no plan" in end.message


def test_changes_are_followed_until_the_engine_is_done(engine, assignment, client, runner):
    errors = []

    def follow():
        try:
            assignment.follow(client.work(after=NO_VERSION))
        except ClusterOver as error:
            errors.append(error)

    following = threading.Thread(target=follow, daemon=True)
    following.start()
    runner.wait_for("run-1", "run-2")
    engine.end("run-1")
    runner.wait_for("run-2")
    engine.over = True
    engine.end("run-2")
    following.join(5)

    assert len(errors) == 1
