import pytest

from orquestra.sdk.client import ComputeEngineClient
from orquestra.sdk.config import RuntimeConfig
from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    NotFoundError,
    ProjectInvalidError,
    RemoteConnectionError,
    TaskRunLogsNotFound,
    UnauthorizedError,
    WorkflowRunNotFoundError,
    WorkflowRunNotStarted,
)
from orquestra.sdk.projects import ProjectRef
from orquestra.sdk.schema import api

RUN = "GET /api/workflow-runs/r1"
REFUSAL = {"code": 3, "message": "Run refused", "detail": "Task `f` needs the image x:1."}


@pytest.fixture
def client(engine):
    return ComputeEngineClient(engine.config)


def test_every_call_shows_the_login(engine, client):
    engine.answers("GET /api/artifacts", {"data": {}})

    client.list_artifacts("r1")

    (request,) = engine.requests
    assert request["authorization"] == f"Bearer {engine.config.token}"
    assert request["query"] == {"workflowRunId": "r1"}


def test_a_path_in_the_address_is_thrown_away(engine):
    config = RuntimeConfig(name="x", uri=f"{engine.uri}/some/path", token=engine.config.token)
    engine.answers("GET /api/artifacts", {"data": {}})

    assert ComputeEngineClient(config).list_artifacts("r1") == {}


@pytest.mark.parametrize("claims", [{"exp": 1}, None])
def test_a_token_that_cannot_be_good_is_refused_before_anything_is_sent(engine, make_token, claims):
    token = make_token(claims) if claims else "no token"
    client = ComputeEngineClient(RuntimeConfig(name="x", uri=engine.uri, token=token))

    with pytest.raises(UnauthorizedError, match=f"orq login -s {engine.uri}"):
        client.get_run("r1")

    assert engine.requests == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, WorkflowRunNotFoundError),
        (401, UnauthorizedError),
        (403, UnauthorizedError),
        (404, WorkflowRunNotFoundError),
        (409, BaseRuntimeError),
        (500, BaseRuntimeError),
    ],
)
def test_failures_are_errors_of_the_sdk_with_the_words_of_the_engine(engine, client, status, error):
    engine.answers(RUN, {"message": "Something", "detail": "very special"}, status=status)

    with pytest.raises(error, match="very special"):
        client.get_run("r1")


def test_an_error_page_of_somebody_else_is_quoted(engine, client):
    engine.answers(RUN, b"<h1>Bad gateway</h1>", status=502)

    with pytest.raises(BaseRuntimeError, match=r"GET /api/workflow-runs/r1 with 502: <h1>Bad"):
        client.get_run("r1")


def test_an_answer_that_is_none_is_told_with_the_address(engine, client):
    engine.answers(RUN, b"<h1>Welcome</h1>")

    with pytest.raises(BaseRuntimeError, match=f"{engine.uri} is no Compute Engine.*Welcome"):
        client.get_run("r1")


def test_an_engine_that_cannot_be_reached_is_named(make_token):
    # Port 1 is reserved, and nothing listens there.
    config = RuntimeConfig(name="x", uri="http://127.0.0.1:1", token=make_token({}))

    with pytest.raises(RemoteConnectionError, match=r"http://127\.0\.0\.1:1 cannot") as caught:
        ComputeEngineClient(config).get_run("r1")

    assert caught.value.uri == config.uri


def test_a_refused_run_says_why(engine, client):
    engine.answers("POST /api/workflow-runs", REFUSAL, status=400)

    with pytest.raises(WorkflowRunNotStarted, match=r"^Task `f` needs the image x:1\."):
        client.create_run(api.CreateRun(workflow_definition_id="d1"))


def test_a_project_without_the_right_is_named(engine, client):
    engine.answers("POST /api/workflow-runs", REFUSAL, status=403)
    project = ProjectRef(workspace_id="team", project_id="demo")

    with pytest.raises(ProjectInvalidError, match=r"'demo' of workspace 'team'"):
        client.create_run(api.CreateRun(workflow_definition_id="d1"), project=project)


def test_a_request_has_all_its_fields(engine, client):
    engine.answers("POST /api/workflow-runs", {"data": {"id": "r1"}}, status=201)

    client.create_run(
        api.CreateRun(workflow_definition_id="d1", resources=api.RunResources(cpu="2"))
    )

    assert engine.requests[0]["body"] == {
        "workflowDefinitionID": "d1",
        "resources": {"nodes": None, "cpu": "2", "memory": None, "gpu": None},
        "dryRun": False,
        "headNodeResources": None,
    }


@pytest.mark.parametrize("force", [True, False, None])
def test_stopping_says_how_in_pythons_words(engine, client, force):
    engine.answers("POST /api/workflow-runs/r1/terminate", b"", status=204)

    client.terminate_run("r1", force=force)

    assert engine.requests[0]["query"] == ({} if force is None else {"force": str(force)})


def test_an_id_cannot_leave_its_place_in_the_path(engine, client):
    with pytest.raises(WorkflowRunNotFoundError):
        client.get_run("../secrets?x=1")

    assert engine.requests[0]["call"] == "GET /api/workflow-runs/..%2Fsecrets%3Fx%3D1"


def test_missing_task_logs_name_the_task(client):
    with pytest.raises(TaskRunLogsNotFound, match="invocation-0-task-f"):
        client.get_task_logs("r1", invocation_id="invocation-0-task-f")


def test_a_missing_artifact_is_not_found(client):
    with pytest.raises(NotFoundError):
        client.get_artifact("a1")
