"""Runs of this process, found again."""

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import WorkflowRunNotFoundError
from tests.unit.sdk.in_process.small_tasks import boom, same


def test_runs_are_found_by_id_and_listed_the_newest_first(execute):
    first, second = execute(same, 1), execute(same, 2)

    assert first.run_id != second.run_id
    assert sdk.WorkflowRun.by_id(first.run_id, "in_process").get_results() == 1
    listed = [run.run_id for run in sdk.list_workflow_runs("in_process", limit=2)]
    assert listed == [second.run_id, first.run_id]
    with pytest.raises(WorkflowRunNotFoundError, match="own process only"):
        sdk.WorkflowRun.by_id("nothing-1", "in_process")


def test_inverted_in_process_max_age_quirk_is_fixed(execute):
    run = execute(same, 1)

    recent = sdk.list_workflow_runs("in_process", max_age="1h")

    assert run.run_id in {found.run_id for found in recent}
    assert sdk.list_workflow_runs("in_process", max_age="0s") == []


def test_lists_can_be_by_state(execute):
    run = execute(same, 1)
    with pytest.raises(KeyError):
        execute(boom, "x")

    failed = sdk.list_workflow_runs("in_process", state=sdk.State.FAILED)
    good = sdk.list_workflow_runs("in_process", state=[sdk.State.SUCCEEDED], limit=1)

    assert run.run_id not in {found.run_id for found in failed}
    assert [found.run_id for found in good] == [run.run_id]
