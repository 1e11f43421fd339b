"""How often a runtime is asked for a run, and how old what it has said may be."""

import pytest

from orquestra import sdk
from orquestra.sdk.runs import snapshots
from orquestra.sdk.runs.workflow_runs import WorkflowRun
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import RunStatus, State
from orquestra.sdk.schema.workflow_run import TaskRun as TaskModel
from orquestra.sdk.schema.workflow_run import WorkflowRun as Model
from tests.unit.cli.canned_engine import START

R, S, F, W = State.RUNNING, State.SUCCEEDED, State.FAILED, State.WAITING


@sdk.task
def double(number):
    return 2 * number


@sdk.workflow
def doubles():
    return [double(number) for number in range(3)]


def model(state, tasks, *, has_end=None):
    """A snapshot; if nothing is said, a state that is completed has an end."""
    definition = doubles().model
    has_end = state.is_completed() if has_end is None else has_end
    return Model(
        id="r1",
        workflow_def=definition,
        status=RunStatus(state=state, start_time=START, end_time=START if has_end else None),
        task_runs=[
            TaskModel(
                id=f"r1@{invocation_id}",
                invocation_id=invocation_id,
                status=RunStatus(state=task, start_time=None, end_time=None),
            )
            for invocation_id, task in zip(definition.task_invocations, tasks, strict=True)
        ],
    )


class Told:
    """A runtime that says what it was told to; the last answer again and again."""

    def __init__(self, *models):
        self._models = list(models)
        self.questions = []

    def status(self, run_id):
        self.questions.append(run_id)
        return self._models.pop(0) if len(self._models) > 1 else self._models[0]

    def progress(self, _run_id):
        state = self._models[0].status.state
        self.questions.append("progress")
        return api.RunProgress(state=state, total_tasks=1, completed_tasks=0)

    def events(self, _run_id):
        yield self.progress("")

    def artifacts(self, _run_id, *, of=None):
        return dict.fromkeys(of or self._models[0].workflow_def.task_invocations)

    def stop(self, _run_id, *, force):
        pass


def run_of(*models):
    runtime = Told(*models)
    return WorkflowRun("r1", config=sdk.RuntimeConfig.ray(), runtime=runtime), runtime.questions


@pytest.fixture
def clock(monkeypatch):
    """Stands still until a test moves it."""
    now = [100.0]
    monkeypatch.setattr(snapshots.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("state", "tasks"), [(S, (S, S, S)), (F, (F, S, W)), (State.TERMINATED, (W, W, W))]
)
def test_a_run_that_stays_as_it_is_is_asked_for_once(state, tasks):
    run, questions = run_of(model(state, tasks))

    found = run.get_tasks()
    again = run.get_tasks()

    assert [task.get_status() for task in again] == [task.get_status() for task in found]
    assert sorted(task.get_status().value for task in found) == sorted(t.value for t in tasks)
    assert run.get_status() is state
    assert run.get_status_model().status.state is state
    assert len(questions) == 1


@pytest.mark.parametrize(
    ("state", "tasks", "has_end"),
    [
        (F, (F, R, W), False),
        (F, (F, S, W), False),
        (F, (F, R, W), True),
        (R, (S, S, S), False),
        (W, (W, W, W), False),
        (State.UNKNOWN, (S, S, S), True),
        (S, (S, S, State.UNKNOWN), True),
    ],
)
def test_a_run_of_which_something_may_execute_is_asked_for_each_time(state, tasks, has_end):
    run, questions = run_of(model(state, tasks, has_end=has_end), model(S, (S, S, S)))

    assert run.get_status_model().status.state is state
    assert run.get_status_model().status.state is S
    assert len(questions) == 2


def test_tasks_that_are_asked_in_a_row_share_an_answer(clock):
    run, questions = run_of(model(R, (R, R, R)), model(R, (S, R, R)), model(R, (S, S, R)))
    tasks = run.get_tasks()

    assert {task.get_status() for task in tasks} == {S, R}
    assert len(questions) == 2

    assert [task.get_status() for task in tasks].count(S) == 2
    assert len(questions) == 3


def test_an_answer_is_shared_for_a_moment_only(clock):
    run, questions = run_of(model(R, (R, R, R)), model(R, (R, R, R)), model(S, (S, S, S)))
    first, second, third = run.get_tasks()

    assert first.get_status() is R
    clock[0] += 0.19
    assert second.get_status() is R
    clock[0] += 0.02
    assert third.get_status() is S
    assert len(questions) == 3


def test_a_task_that_is_asked_again_and_again_is_told_what_is_new_each_time(clock):
    run, _ = run_of(*[model(R, (R, R, R))] * 3, model(S, (S, S, S)))
    task = run.get_tasks()[0]

    assert [task.get_status() for _ in range(3)] == [R, R, S]


@pytest.mark.parametrize(
    "learn",
    [
        lambda run: run.wait_until_finished(verbose=False),
        lambda run: run.stop(),
        lambda run: run.get_status(),
        lambda run: run.get_artifacts_serialized(),
        lambda run: run.get_artifact_serialized(run.get_tasks()[1].task_invocation_id),
        lambda run: next(run._watched(iter(["what it is now"]))),
    ],
)
def test_what_the_run_has_told_since_is_not_taken_back_by_its_tasks(clock, learn):
    run, _ = run_of(model(R, (R, R, R)), model(R, (R, R, R)), model(S, (S, S, S)))
    first, second, _ = run.get_tasks()
    first.get_status()

    learn(run)

    assert second.get_status() is S


def test_parents_share_the_answers_of_their_run():
    @sdk.workflow
    def chain():
        return double(double(1))

    run = chain().run("in_process")
    _, last = run.get_tasks()
    (parent,) = last.get_parents()

    assert parent.get_status() is S
    assert run._snapshots.final is not None
