"""Requests that users make, right and wrong ones."""

import pytest

pytestmark = pytest.mark.anyio


async def test_a_definition_comes_back_as_it_was_sent(user, definition):
    sent = definition.model_dump(mode="json")
    created = await user.post("/api/workflow-definitions", json=sent)
    definition_id = created.json()["data"]["id"]

    stored = (await user.get(f"/api/workflow-definitions/{definition_id}")).json()["data"]

    assert stored["workflow"] == sent
    assert stored["owner"] == "ada"
    assert stored["created"].endswith("Z")


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"name": 3}', b"\xff"])
async def test_what_is_no_definition_is_refused_with_the_reason(user, body):
    answer = await user.post("/api/workflow-definitions", content=body)

    assert answer.status_code == 400
    assert "not a workflow definition" in answer.json()["detail"]


async def test_a_run_of_an_unknown_definition_is_not_found(user):
    request = {"workflowDefinitionID": "nothing", "resources": {}}

    assert (await user.post("/api/workflow-runs", json=request)).status_code == 404


async def test_a_run_that_could_never_succeed_is_refused_with_every_reason(
    user, definition, catalogue
):
    catalogue.put("registry.example.com/solver:1", catalogue_error())
    stored = await user.post("/api/workflow-definitions", content=definition.model_dump_json())
    request = {
        "workflowDefinitionID": stored.json()["data"]["id"],
        "resources": {"cpu": "1000", "memory": "1Gi"},
    }

    answer = await user.post("/api/workflow-runs", json=request)

    assert answer.status_code == 400
    assert answer.json()["code"] == 3
    detail = answer.json()["detail"]
    assert "solve" in detail
    assert "registry.example.com/solver:1" in detail
    assert "1000" in detail


def catalogue_error():
    from orquestra.engine.errors import ImageMissing

    return ImageMissing("does not exist")


@pytest.mark.parametrize("token", [None, "nonsense"])
async def test_nothing_is_told_to_nobody(user, token):
    user.headers.pop("Authorization")
    if token:
        user.headers["Authorization"] = f"Bearer {token}"

    answer = await user.get("/api/workflow-runs")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_runs_are_listed_newest_first_in_pages(user, submit):
    runs = [await submit() for _ in range(3)]

    first = (await user.get("/api/workflow-runs?pageSize=2")).json()
    token = first["meta"]["nextPageToken"]
    query = {"pageSize": 2, "pageToken": token}
    second = (await user.get("/api/workflow-runs", params=query)).json()

    listed = [run["id"] for run in first["data"] + second["data"]]
    assert listed == runs[::-1]
    assert second["meta"]["nextPageToken"] == ""


async def test_an_empty_page_can_be_asked_for(user, submit):
    await submit()

    assert (await user.get("/api/workflow-runs?pageSize=0")).json()["data"] == []


async def test_runs_are_listed_by_state(user, submit):
    stopped, waiting = await submit(), await submit()
    await user.post(f"/api/workflow-runs/{stopped}/terminate")

    async def listed(states: str) -> list[str]:
        answer = await user.get("/api/workflow-runs", params={"state": states})
        return [run["id"] for run in answer.json()["data"]]

    assert await listed("TERMINATED") == [stopped]
    assert await listed("TERMINATED,WAITING") == [waiting, stopped]


async def test_a_page_token_of_somebody_else_is_refused(user):
    answer = await user.get("/api/workflow-runs?pageToken=nonsense")

    assert answer.status_code == 400


async def test_health_needs_no_login(user):
    user.headers.pop("Authorization")

    assert (await user.get("/healthz")).json() == {"status": "ok"}
    assert (await user.get("/readyz")).json() == {"status": "ok", "containers": 0}


async def test_every_path_is_in_the_openapi_document(user):
    paths = (await user.get("/openapi.json")).json()["paths"]

    assert "/api/workflow-runs/{run_id}/nodes" in paths
    assert not any(path.startswith("/internal") for path in paths)
