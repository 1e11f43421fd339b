"""Definitions that are stored, shown and forgotten."""

import asyncio

import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture
async def definition_id(user, definition):
    stored = await user.post("/api/workflow-definitions", content=definition.model_dump_json())
    return stored.json()["data"]["id"]


@pytest.fixture
def eve(user, services):
    """The HTTP client, from now on with somebody else's login."""

    def logged_in():
        user.headers["Authorization"] = f"Bearer {services.tokens.issue('eve')}"
        return user

    return logged_in


async def test_a_definition_without_runs_can_be_deleted(user, definition_id):
    path = f"/api/workflow-definitions/{definition_id}"

    deleted, again = await user.delete(path), await user.delete(path)

    assert (deleted.status_code, again.status_code) == (204, 404)
    assert (await user.get(path)).status_code == 404
    assert (await user.get("/api/workflow-definitions")).json()["data"] == []


async def test_a_definition_with_runs_stays(user, submit):
    run_id = await submit()
    run = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]
    path = f"/api/workflow-definitions/{run['definitionId']}"

    refused = await user.delete(path)

    assert refused.status_code == 409
    assert "has runs" in refused.json()["detail"]
    assert (await user.get(path)).status_code == 200


async def test_a_definition_deleted_while_a_run_is_checked_gets_no_run(
    user, definition_id, catalogue
):
    async def delete_then_describe(reference, *, architecture):
        await user.delete(f"/api/workflow-definitions/{definition_id}")
        return await describe(reference, architecture=architecture)

    describe, catalogue.describe = catalogue.describe, delete_then_describe

    answer = await user.post("/api/workflow-runs", json={"workflowDefinitionID": definition_id})

    assert (answer.status_code, answer.json()["code"]) == (400, 6)


async def test_definitions_are_listed_newest_first_in_pages(user, definition):
    body = definition.model_dump_json()
    sent = [await user.post("/api/workflow-definitions", content=body) for _ in range(3)]

    first = (await user.get("/api/workflow-definitions?pageSize=2")).json()
    token = first["meta"]["nextPageToken"]
    second = (await user.get(f"/api/workflow-definitions?pageSize=2&pageToken={token}")).json()

    listed = [item["id"] for item in first["data"] + second["data"]]
    assert listed == [answer.json()["data"]["id"] for answer in sent][::-1]
    assert second["meta"] == {"nextPageToken": ""}


async def test_a_definition_is_nobody_elses(definition_id, eve):
    path, client = f"/api/workflow-definitions/{definition_id}", eve()

    answers = await asyncio.gather(
        client.get(path),
        client.delete(path),
        client.post("/api/workflow-runs", json={"workflowDefinitionID": definition_id}),
    )

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert (await client.get("/api/workflow-definitions")).json()["data"] == []
