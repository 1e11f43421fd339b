"""What `orq wf view` makes of a run."""

from datetime import UTC, datetime, timedelta

from orquestra import sdk
from orquestra.cli.workflow.view import describe
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.workflow_run import RunStatus, State, TaskRun, WorkflowRun

AT = datetime(2025, 2, 24, 8, 26, tzinfo=UTC)


@sdk.task
def load():
    return 1


@sdk.task
def train(data):
    return data


@sdk.workflow
def fit():
    return train(load())


def test_a_task_that_used_an_earlier_result_stands_where_it_did_so():
    definition = fit().model

    def task(name: str, *, start: datetime | None, end: datetime) -> TaskRun:
        (found,) = (each for each in definition.task_invocations if each.endswith(name))
        status = RunStatus(state=State.SUCCEEDED, start_time=start, end_time=end)
        message = None if start else "Reused the result of run r."
        return TaskRun(id=found, invocation_id=found, status=status, message=message)

    run = WorkflowRun(
        id="r",
        workflow_def=ir.WorkflowDef.model_validate(definition.model_dump()),
        task_runs=[
            task("train", start=AT + timedelta(seconds=2), end=AT + timedelta(seconds=3)),
            task("load", start=None, end=AT + timedelta(seconds=1)),
        ],
        status=RunStatus(state=State.SUCCEEDED, start_time=AT, end_time=AT),
    )

    tasks = describe(run)["tasks"]

    assert [(each["function"], each["message"]) for each in tasks] == [
        ("load", "Reused the result of run r."),
        ("train", None),
    ]
