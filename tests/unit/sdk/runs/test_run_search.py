"""Finding a run without knowing where it is."""

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import (
    ProjectInvalidError,
    RuntimeQuerySummaryError,
    WorkflowRunNotFoundError,
    WorkspacesNotSupportedError,
)

RUN = {
    "id": "r1",
    "definitionId": "d1",
    "owner": "ada",
    "status": {"state": "RUNNING"},
    "taskRuns": [],
}


@sdk.task
def one():
    return 1


@sdk.workflow
def wf():
    return one()


@pytest.fixture
def saved(engine):
    """A saved login of the engine."""
    return sdk.RuntimeConfig.ce(engine.uri, engine.config.token)


def test_a_run_is_found_on_the_engine_that_knows_it(engine, saved):
    engine.answers("GET /api/workflow-runs/r1", {"data": RUN})

    run = sdk.WorkflowRun.by_id("r1")

    assert run.config == saved
    assert run.get_status() is sdk.State.RUNNING


def test_a_run_of_this_process_is_found_without_asking_anybody(engine, saved):
    run = wf().run("in_process")

    assert sdk.WorkflowRun.by_id(run.run_id).config.is_in_process
    assert engine.requests == []


def test_a_run_that_nobody_knows_is_told_with_all_answers(engine, saved):
    with pytest.raises(RuntimeQuerySummaryError) as raised:
        sdk.WorkflowRun.by_id("r9")

    error = raised.value
    assert error.wf_run_id == "r9"
    asked = {info.config_name: info for info in error.not_found_runtimes}
    assert asked.keys() == {saved.name, "in_process"}
    assert asked[saved.name].server_uri == engine.uri
    assert asked[saved.name].runtime_name == "CE_REMOTE"
    assert [info.config_name for info in error.not_running_runtimes] == ["local"]


def test_engines_that_refuse_or_are_away_are_told_as_such(engine, saved):
    engine.answers("GET /api/workflow-runs/r9", {"message": "no", "detail": "no"}, status=401)
    sdk.RuntimeConfig.ce("http://localhost:1", engine.config.token)

    with pytest.raises(RuntimeQuerySummaryError) as raised:
        sdk.WorkflowRun.by_id("r9")

    unauthorized = {info.config_name for info in raised.value.unauthorized_runtimes}
    assert unauthorized == {saved.name, "localhost:1"}


def test_a_configuration_that_is_named_is_the_only_one_asked(engine, saved):
    run = wf().run("in_process")

    with pytest.raises(WorkflowRunNotFoundError):
        sdk.WorkflowRun.by_id(run.run_id, saved)


def test_arguments_of_release_1_1_are_taken_and_said_to_have_no_effect():
    run = wf().run("in_process")

    with pytest.warns(DeprecationWarning, match="project_dir"):
        sdk.WorkflowRun.by_id(run.run_id, "in_process", "/somewhere")
    with pytest.warns(DeprecationWarning, match="project_dir"):
        sdk.WorkflowRun.start_from_ir(wf().model, "in_process", project_dir="/somewhere")
    with pytest.warns(DeprecationWarning, match="project_dir"):
        sdk.list_workflow_runs("in_process", project_dir="/somewhere")


def test_a_run_knows_its_project(engine):
    engine.answers("GET /api/workflow-runs/r1", {"data": RUN})
    definition = {
        "id": "d1",
        "created": "2024-07-01T12:00:00Z",
        "owner": "ada",
        "workflow": wf().model.model_dump(mode="json"),
        "workspaceId": "team",
        "project": "demo",
        "sdkVersion": "2.0.0",
    }
    engine.answers("GET /api/workflow-definitions/d1", {"data": definition})
    run = sdk.WorkflowRun.by_id("r1", engine.config)

    assert run.project == sdk.ProjectRef("team", "demo")
    asked = len(engine.requests)
    assert run.project.project_id == "demo"
    assert len(engine.requests) == asked


def test_a_run_of_the_local_runtime_has_no_project(engine):
    run = sdk.WorkflowRun("r1", config=sdk.RuntimeConfig.ray(), runtime=None)

    with pytest.raises(WorkspacesNotSupportedError, match="local runtime"):
        _ = run.project


def test_runs_are_listed_by_workspace_and_not_by_project(engine):
    engine.answers("GET /api/workflow-runs", {"data": []})

    with pytest.raises(ProjectInvalidError, match="no workspace"):
        sdk.list_workflow_run_summaries(engine.config, project="demo")
    with pytest.warns(FutureWarning, match="no effect"):
        sdk.list_workflow_runs(engine.config, workspace="team", project="demo")
    assert engine.requests[0]["query"]["workspaceId"] == "team"


def test_a_limit_below_zero_is_refused(engine):
    with pytest.raises(ValueError, match="limit must be at least 0"):
        sdk.list_workflow_runs(engine.config, limit=-1)
