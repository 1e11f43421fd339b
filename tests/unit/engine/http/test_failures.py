"""Requests that fail: all are answered with the same body, and faults tell nothing of inside."""

import logging

import pytest

from orquestra.engine.process.apps import public_app
from tests.unit.engine.conftest import finished, started

pytestmark = pytest.mark.anyio

UUID = "3f0c1c1e-7c1c-4d0a-9d7e-0a1b2c3d4e5f"
DEFINITIONS, RUNS = "/api/workflow-definitions", "/api/workflow-runs"

FAILURES = [
    ("GET", "/", 404),
    ("GET", "/api", 404),
    ("GET", "/nothing", 404),
    ("GET", f"{RUNS}/", 404),
    ("GET", f"{DEFINITIONS}/", 404),
    ("GET", f"{RUNS}//nodes", 404),
    ("GET", "/api/artifacts/", 404),
    ("GET", "/internal/clusters/c/work", 404),
    ("GET", f"{RUNS}/unknown", 404),
    ("GET", f"{RUNS}/%00", 404),
    ("GET", f"{RUNS}/%ff", 404),
    ("GET", f"{RUNS}/%F0%9F%92%A5", 404),
    ("GET", f"{RUNS}/a%2Fb", 404),
    ("GET", f"{RUNS}/{'a' * 5000}", 404),
    ("GET", f"{RUNS}/';DROP TABLE runs;--", 404),
    ("GET", f"{DEFINITIONS}/no-uuid", 404),
    ("GET", f"/api/artifacts/{UUID}", 404),
    ("GET", f"/api/run-results/{UUID}", 404),
    ("GET", "/api/artifacts?workflowRunId=unknown", 404),
    ("GET", "/api/run-results?workflowRunId=unknown", 404),
    ("GET", "/api/workflow-run-logs?workflowRunId=unknown", 404),
    ("GET", "/api/workflow-run-logs/system?workflowRunId=unknown", 404),
    ("GET", "/api/workflow-run-logs/tasks?workflowRunId=unknown", 404),
    ("GET", "/api/task-run-logs?workflowRunId=unknown&taskInvocationId=i", 404),
    ("POST", f"{RUNS}/unknown/terminate", 404),
    ("DELETE", f"{DEFINITIONS}/{UUID}", 404),
    ("GET", "/api/artifacts", 400),
    ("GET", "/api/run-results", 400),
    ("GET", "/api/workflow-run-logs", 400),
    ("GET", "/api/task-run-logs?workflowRunId=unknown", 400),
    ("POST", f"{RUNS}/unknown/terminate?force=maybe", 400),
    ("PUT", RUNS, 405),
    ("DELETE", RUNS, 405),
    ("OPTIONS", RUNS, 405),
    ("TRACE", RUNS, 405),
    ("PATCH", f"{DEFINITIONS}/{UUID}", 405),
    ("POST", "/api/artifacts", 405),
    ("GET", f"{RUNS}/unknown/terminate", 405),
    ("POST", "/healthz", 405),
]


async def test_every_failure_has_the_same_body(user):
    for method, path, status in FAILURES:
        answer = await user.request(method, path)

        assert (method, path, answer.status_code) == (method, path, status)
        assert answer.headers["Content-Type"] == "application/json"
        assert "Location" not in answer.headers
        body = answer.json()
        assert body.keys() == {"message", "detail", "error"}
        assert all(body.values())


async def test_another_method_is_told_all_that_there_are(user):
    for path, methods in (
        (RUNS, "GET, POST"),
        (DEFINITIONS, "GET, POST"),
        (f"{DEFINITIONS}/{UUID}", "GET, DELETE"),
        ("/healthz", "GET, HEAD"),
        (f"{RUNS}/unknown/terminate", "POST"),
    ):
        answer = await user.put(path)

        assert (answer.status_code, answer.headers["Allow"]) == (405, methods)
        assert methods in answer.json()["detail"]


async def test_the_phrase_is_the_statuss_and_the_detail_says_what_happened(user):
    answer = await user.get(f"{RUNS}/unknown")

    assert answer.json() == {
        "message": "Not Found",
        "detail": "There is no workflow run 'unknown'.",
        "error": "not_found",
    }


async def test_monitors_may_ask_for_the_head_only(user):
    assert (await user.head("/healthz")).status_code == 200
    assert (await user.head("/readyz")).status_code == (await user.get("/readyz")).status_code


async def test_a_fault_is_told_by_an_id_that_is_in_the_log(user, services, monkeypatch, caplog):
    async def broken(*_, **__):
        raise KeyError("a-password")

    monkeypatch.setattr("orquestra.engine.runs.service.page", broken)

    answer = await user.get(f"{RUNS}?projectId=private")

    assert answer.status_code == 500
    assert answer.json()["message"] == "Internal Server Error"
    assert "a-password" not in answer.text
    (logged,) = [each for each in caplog.records if each.event == "request_failed"]
    assert logged.levelno == logging.ERROR
    assert logged.request_id in answer.json()["detail"]
    assert logged.getMessage() == f"GET {RUNS} failed ({logged.request_id})"
    assert logged.exc_info[0] is KeyError


async def test_an_answer_that_has_begun_is_broken_off(
    user, services, monkeypatch, submit, head_of, definition
):
    run_id = await submit()
    for artifact_id in definition.artifact_nodes:
        await head_of(run_id).store(artifact_id, b"[1]")
    await head_of(run_id).tell(1, [started(run_id), finished(run_id)])
    (result_id,) = (await user.get(f"/api/run-results?workflowRunId={run_id}")).json()["data"]

    def broken(*_, **__):
        yield b"["
        raise OSError("the disk is gone")

    monkeypatch.setattr(type(services.artifacts), "pieces", broken)

    with pytest.raises(OSError, match="the disk is gone"):
        await user.get(f"/api/run-results/{result_id}")


async def test_a_client_that_goes_away_is_no_fault(services, caplog):
    async def receive():
        return {"type": "http.disconnect"}

    sent = []

    async def send(message):
        sent.append(message)

    token = f"Bearer {services.tokens.issue('ada')}".encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": DEFINITIONS,
        "raw_path": DEFINITIONS.encode(),
        "query_string": b"",
        "headers": [(b"authorization", token)],
    }

    await public_app(services)(scope, receive, send)

    assert sent == []
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
