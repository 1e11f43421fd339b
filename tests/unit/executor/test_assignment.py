"""Following what the engine says is to be done."""

import threading
from dataclasses import replace

import pytest

from orquestra.executor import assignment as module
from orquestra.executor.assignment import NO_VERSION, Assignment
from orquestra.executor.engine_client import EngineClient
from orquestra.executor.errors import ClusterOver, EngineRefused
from orquestra.executor.pools import AutoscalerFile, PoolRelease
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import CommitsPinned
from orquestra.sdk.schema.workflow_run import State
from tests.unit.executor.conftest import CONTEXT


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
            self.running.pop(run_id, None)
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
        secrets_uri="http://127.0.0.1:1",
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


COMMIT = "c" * 40


def with_git(run_id, *, commits=None):
    built = run(run_id)
    git = ir.GitImport(
        id="git-0", repo_url=ir.GitURL.model_validate("https://e.com/tool"), git_ref="main"
    )
    built.definition.imports[git.id] = git
    return replace(built, plan=built.plan.model_copy(update={"commits": commits or {}}))


@pytest.fixture
def git(monkeypatch):
    """A repository that answers once it may."""
    may_answer = threading.Event()

    def find(imports, *, access):
        assert may_answer.wait(5)
        return {found.id: COMMIT for found in imports}

    monkeypatch.setattr(module, "find_commits", find)
    return may_answer


def reference(runner, run_id):
    return runner.running[run_id].imports["git-0"].git_ref


def test_no_run_waits_for_the_repositories_of_another(engine, assignment, runner, told, git):
    engine.submit(with_git("run-0"))

    assignment.apply(engine.work(after=NO_VERSION))
    assert runner.running.keys() == {"run-1", "run-2"}
    git.set()
    runner.wait_for("run-0", "run-1", "run-2")

    assert reference(runner, "run-0") == COMMIT
    assert told == [CommitsPinned(run_id="run-0", commits={"git-0": COMMIT})]


def test_repositories_are_asked_with_the_token_of_the_run(engine, assignment, runner, monkeypatch):
    asked = []
    monkeypatch.setattr(
        module, "find_commits", lambda _, *, access: asked.append(access) or {"git-0": COMMIT}
    )
    built = with_git("run-0")
    engine.submit(replace(built, plan=built.plan.model_copy(update={"context": CONTEXT})))

    assignment.apply(engine.work(after=NO_VERSION))
    runner.wait_for("run-0", "run-1", "run-2")

    assert asked == [SecretsLogin(uri="http://127.0.0.1:1", token=CONTEXT.token)]


def test_a_new_head_goes_on_with_the_commits_of_the_last_one(engine, assignment, runner, told):
    engine.submit(with_git("run-0", commits={"git-0": COMMIT}))

    assignment.apply(engine.work(after=NO_VERSION))

    assert reference(runner, "run-0") == COMMIT
    assert told == []


def test_a_run_that_ends_while_its_repositories_are_asked_does_not_begin(
    engine, assignment, runner, git
):
    engine.submit(with_git("run-0"))
    assignment.apply(engine.work(after=NO_VERSION))
    (thread,) = [each for each in threading.enumerate() if each.name == "git"]

    engine.end("run-0")
    assignment.apply(engine.work(after=NO_VERSION))
    git.set()
    thread.join(5)

    assert runner.running.keys() == {"run-1", "run-2"}


def test_a_run_whose_repositories_cannot_be_asked_fails(engine, assignment, told, monkeypatch):
    def broken(imports, *, access):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(module, "find_commits", broken)
    engine.submit(with_git("run-0"))

    assignment.apply(engine.work(after=NO_VERSION))
    for thread in threading.enumerate():
        if thread.name == "git":
            thread.join(5)

    (end,) = told
    assert "can't start new thread" in end.message
