import httpx
import pytest

from orquestra.sdk.compute_engine.client import ComputeEngineClient
from orquestra.sdk.configuration import local_engine
from orquestra.sdk.configuration.config import RuntimeConfig
from orquestra.sdk.configuration.local_engine import LocalEngineFile
from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    NotFoundError,
    ProjectInvalidError,
    RayNotRunningError,
    RemoteConnectionError,
    TaskRunLogsNotFound,
    UnauthorizedError,
    WorkflowRunNotFoundError,
    WorkflowRunNotStarted,
)
from orquestra.sdk.projects import ProjectRef
from orquestra.sdk.runtime import LiveEvent
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
    config = RuntimeConfig.unsaved(
        name="x", uri=f"{engine.uri}/some/path", token=engine.config.token
    )
    engine.answers("GET /api/artifacts", {"data": {}})

    assert ComputeEngineClient(config).list_artifacts("r1") == {}


@pytest.mark.parametrize("claims", [{"exp": 1}, None])
def test_a_token_that_cannot_be_good_is_refused_before_anything_is_sent(engine, make_token, claims):
    token = make_token(claims) if claims else "no token"
    client = ComputeEngineClient(RuntimeConfig.unsaved(name="x", uri=engine.uri, token=token))

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
    config = RuntimeConfig.unsaved(name="x", uri="http://127.0.0.1:1", token=make_token({}))

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
        "workingDirectory": None,
    }


@pytest.mark.parametrize("force", [True, False, None])
def test_stopping_says_how_in_pythons_words(engine, client, force):
    engine.answers("POST /api/workflow-runs/r1/terminate", b"", status=204)

    client.terminate_run("r1", force=force)

    assert engine.requests[0]["query"] == ({} if force is None else {"force": str(force)})


def test_an_id_cannot_leave_its_place_in_the_path(engine, client):
    with pytest.raises(WorkflowRunNotFoundError):
        client.get_run("a/secrets?x=1")

    assert engine.requests[0]["call"] == "GET /api/workflow-runs/a%2Fsecrets%3Fx%3D1"


@pytest.mark.parametrize("identifier", ["", ".", "..", "../secrets", "a/.."])
@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (ComputeEngineClient.get_run, WorkflowRunNotFoundError),
        (ComputeEngineClient.terminate_run, WorkflowRunNotFoundError),
        (ComputeEngineClient.list_nodes, WorkflowRunNotFoundError),
        (ComputeEngineClient.get_definition, NotFoundError),
        (ComputeEngineClient.get_artifact, NotFoundError),
        (ComputeEngineClient.get_result, NotFoundError),
    ],
)
def test_an_id_that_would_lead_elsewhere_is_nobodys(engine, client, ask, error, identifier):
    with pytest.raises(error, match="Nothing can have the id") as refused:
        ask(client, identifier)

    assert type(refused.value) is error
    assert engine.requests == []


def test_missing_task_logs_name_the_task(client):
    with pytest.raises(TaskRunLogsNotFound, match="invocation-0-task-f"):
        client.get_task_logs("r1", invocation_id="invocation-0-task-f")


def test_a_missing_artifact_is_not_found(client):
    with pytest.raises(NotFoundError):
        client.get_artifact("a1")


def test_a_stream_begins_by_saying_that_the_engine_is_there(engine, client):
    engine.answers("GET /api/workflow-run-events", b"")

    assert list(client.run_events("r1", after=None)) == [LiveEvent("", None, is_opening=True)]


def events(*states):
    """The stream of a run of two tasks, with a sign of life in between."""
    return b": still there\n\n".join(
        b"event: progress\r\ndata: "
        + api.RunProgress(state=state, total_tasks=2, completed_tasks=number)
        .model_dump_json(by_alias=True)
        .encode()
        + b"\r\n\r\n"
        for number, state in enumerate(states)
    )


def test_progress_is_told_event_by_event_and_repeated_at_each_sign_of_life(engine, client):
    engine.answers("GET /api/workflow-run-events", events("WAITING", "RUNNING", "SUCCEEDED"))

    told = [(p.state.value, p.completed_tasks) for p in client.progress("r1")]

    assert told == [
        ("WAITING", 0),
        ("WAITING", 0),
        ("RUNNING", 1),
        ("RUNNING", 1),
        ("SUCCEEDED", 2),
    ]
    assert engine.requests[0]["query"] == {"workflowRunId": "r1"}


def test_an_engine_without_a_stream_of_events_is_told(engine, client):
    engine.answers("GET /api/workflow-run-events", {"message": "Not Found"}, status=404)

    with pytest.raises(NotFoundError):
        next(client.progress("r1"))


def test_events_that_are_none_are_told(engine, client):
    engine.answers("GET /api/workflow-run-events", b"data: welcome\n\n")

    with pytest.raises(BaseRuntimeError, match="no Compute Engine that this release"):
        next(client.progress("r1"))


def test_a_stream_that_breaks_is_a_lost_connection(engine):
    def broken():
        yield events("RUNNING")
        raise httpx.ReadError("connection reset")

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=broken()))
    config = RuntimeConfig.unsaved(name="x", uri="http://engine.example", token=engine.config.token)

    told = ComputeEngineClient(config, transport=transport).progress("r1")

    assert next(told).state.value == "RUNNING"
    with pytest.raises(RemoteConnectionError, match=r"engine\.example"):
        next(told)


@pytest.fixture
def local(engine, monkeypatch):
    """The local runtime's file, which names the scripted engine."""
    data = local_engine.data_folder()

    def start(uri=engine.uri, token=engine.config.token):
        file = LocalEngineFile(pid=1, url=uri, token=token, version="2")
        local_engine.write(data, file)

    return start


def test_the_local_runtime_is_looked_up_for_every_call(engine, local):
    engine.answers("GET /api/artifacts", {"data": {}})
    client = ComputeEngineClient(RuntimeConfig.ray())
    with pytest.raises(RayNotRunningError, match="orq up"):
        client.list_artifacts("r1")

    local(uri="http://127.0.0.1:1")
    with pytest.raises(RayNotRunningError, match="orq up"):
        client.list_artifacts("r1")
    local()

    assert client.list_artifacts("r1") == {}


def test_another_server_on_the_port_of_a_dead_local_runtime_is_not_taken_for_it(engine, local):
    engine.answers("GET /api/artifacts", {"message": "Unauthorized", "detail": "who"}, status=401)
    local()

    with pytest.raises(RayNotRunningError, match="orq up"):
        ComputeEngineClient(RuntimeConfig.ray()).list_artifacts("r1")


def test_no_proxy_comes_between_the_local_runtime_and_its_user(engine, local, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    engine.answers("GET /api/artifacts", {"data": {}})
    local()

    assert ComputeEngineClient(RuntimeConfig.ray()).list_artifacts("r1") == {}


def test_the_times_of_a_run_are_read(engine, client):
    timing = {"attempts": [], "images": [], "advice": ["Wait less."]}
    engine.answers("GET /api/workflow-run-timing", {"data": timing})

    assert client.get_timing("r1").advice == ["Wait less."]
