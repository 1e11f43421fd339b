from datetime import UTC, datetime

import pytest

from orquestra import sdk
from orquestra.sdk.schema import workflow_run
from orquestra.sdk.schema.workflow_run import RunStatus, State, WorkflowRunSummary

COMPLETED = {"SUCCEEDED", "TERMINATED", "FAILED", "ERROR", "KILLED"}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    ["WAITING", "RUNNING", "SUCCEEDED", "TERMINATED", "FAILED", "ERROR", "KILLED", "UNKNOWN"],
)
def test_a_state_has_its_name_as_its_value(name):
    assert State[name].value == name


@pytest.mark.parametrize("state", set(State) - {State.UNKNOWN})
def test_a_state_says_whether_anything_follows(state):
    assert state.is_completed() == (state.value in COMPLETED)


def test_a_word_that_is_no_state_is_the_unknown_one_which_warns():
    state = State("PONDERING")

    assert state is State.UNKNOWN
    with pytest.warns(UserWarning, match="does not know"):
        assert not state.is_completed()


def test_a_status_needs_its_times_even_if_there_are_none():
    with pytest.raises(ValueError, match="start_time"):
        RunStatus(state=State.WAITING)

    assert RunStatus(state="WAITING", start_time=None, end_time=None).state is State.WAITING


def test_a_summary_of_a_run_counts_its_tasks():
    @sdk.task
    def one():
        return 1

    @sdk.workflow
    def ones():
        return [one(), one(), one()]

    status = RunStatus(state=State.RUNNING, start_time=NOON, end_time=None)
    states = [State.SUCCEEDED, State.FAILED, State.RUNNING]
    run = workflow_run.WorkflowRun(
        id="run-1",
        workflow_def=ones().model,
        task_runs=[
            workflow_run.TaskRun(
                id=f"run-1@{number}",
                invocation_id=str(number),
                status=status.model_copy(update={"state": state}),
            )
            for number, state in enumerate(states)
        ],
        status=status,
    )

    assert WorkflowRunSummary.from_workflow_run(run) == WorkflowRunSummary(
        id="run-1",
        status=status,
        owner=None,
        total_task_runs=3,
        completed_task_runs=1,
        dry_run=None,
    )
