"""Requests that users make, right and wrong ones."""

import re
from dataclasses import replace

import pytest

from orquestra.engine.images.testing import orquestra_image

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


UNKNOWN = "3f0c1c1e-7c1c-4d0a-9d7e-0a1b2c3d4e5f"


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        (b"", 1, "Invalid JSON"),
        (b"\xff", 1, "Invalid JSON"),
        (b"[]", None, "is not a request for a run"),
        (b"{}", 2, "workflowDefinitionID: Field required"),
        (b'{"workflowDefinitionID": null}', 2, "workflowDefinitionID"),
        (b'{"workflowDefinitionID": ""}', 2, "names no workflow definition"),
        (b'{"workflowDefinitionID": "nothing"}', 5, "'nothing' is not the id"),
        (b'{"workflowDefinitionID": 7}', 5, "workflowDefinitionID"),
        (f'{{"workflowDefinitionID": "{UNKNOWN}"}}'.encode(), 6, "There is no workflow definition"),
        (
            f'{{"workflowDefinitionID": "{UNKNOWN}", "resources": {{"nodes": "many"}}}}'.encode(),
            3,
            "resources.nodes",
        ),
        (f'{{"workflowDefinitionID": "{UNKNOWN}", "dryRun": []}}'.encode(), None, "dryRun"),
    ],
)
async def test_a_wrong_request_for_a_run_says_which_part_is_wrong(user, body, code, sentence):
    answer = await user.post("/api/workflow-runs", content=body)

    assert answer.status_code == 400
    assert answer.json().get("code") == code
    assert sentence in answer.json()["detail"]


@pytest.mark.parametrize(
    ("resources", "missing_image", "code"),
    [
        ({"cpu": "1000", "memory": "1Gi"}, False, 3),
        ({"cpu": "nonsense", "memory": "1Gi"}, False, 3),
        ({"cpu": "1", "memory": "1Gi"}, True, None),
        ({"cpu": "1000", "memory": "1Gi"}, True, None),
    ],
)
async def test_only_wrong_sizes_have_the_number_of_wrong_sizes(
    user, definition, catalogue, resources, missing_image, code
):
    if missing_image:
        catalogue.put("registry.example.com/solver:1", catalogue_error())
    stored = await user.post("/api/workflow-definitions", content=definition.model_dump_json())
    request = {"workflowDefinitionID": stored.json()["data"]["id"], "resources": resources}

    answer = await user.post("/api/workflow-runs", json=request)

    assert answer.status_code == 400
    assert answer.json().get("code") == code


async def test_a_newer_sdk_is_refused_in_the_words_that_client_1_1_reads(user, definition):
    document = definition.model_dump(mode="json")
    document["metadata"]["sdk_version"] |= {"original": "2.9.0", "minor": 9}
    stored = await user.post("/api/workflow-definitions", json=document)
    request = {"workflowDefinitionID": stored.json()["data"]["id"], "resources": {}}

    answer = await user.post("/api/workflow-runs", json=request)

    assert (answer.status_code, answer.json()["code"]) == (400, 4)
    words = r"Unsupported SDK version: 2\.9\.0\. Supported SDK versions: \[2\.[^],\s]+\]"
    assert re.match(words, answer.json()["detail"])
    assert "submit it again" in answer.json()["detail"]


async def test_a_log_that_cannot_be_written_does_not_refuse_the_run(
    submit, user, services, monkeypatch, catalogue
):
    image = orquestra_image(content="solver")
    catalogue.put("registry.example.com/solver:1", replace(image, entrypoint=("/run",)))

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(services.logs, "note", full)

    run_id = await submit()

    warnings = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]["warnings"]
    assert "ENTRYPOINT" in warnings[0]


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


async def test_an_unknown_state_is_refused_with_those_that_there_are(user):
    answer = await user.get("/api/workflow-runs?state=RUNNING,BORED")

    assert answer.status_code == 400
    assert "'BORED'" in answer.json()["detail"]
    assert "WAITING, RUNNING, SUCCEEDED" in answer.json()["detail"]


@pytest.mark.parametrize("age", ["99999999999", "9" * 400])
async def test_an_age_beyond_the_calendar_shows_all_runs(user, submit, age):
    run_id = await submit()

    listed = (await user.get(f"/api/workflow-runs?maxAge={age}")).json()["data"]

    assert [run["id"] for run in listed] == [run_id]


async def test_a_negative_age_is_refused(user):
    answer = await user.get("/api/workflow-runs?maxAge=-1")

    assert answer.status_code == 400
    assert "maxAge: Input should be greater than or equal to 0" in answer.json()["detail"]


async def test_a_page_token_may_stand_in_a_url_as_it_is(user, submit):
    older, _ = await submit(), await submit()
    token = (await user.get("/api/workflow-runs?pageSize=1")).json()["meta"]["nextPageToken"]

    listed = (await user.get(f"/api/workflow-runs?pageToken={token}")).json()["data"]

    assert [run["id"] for run in listed] == [older]
    assert re.fullmatch(r"[0-9:.TZ-]+,[A-Za-z0-9_-]+", token)


@pytest.mark.parametrize("token", ["nonsense", "2026-11-22T12:00:00,naive"])
async def test_a_page_token_of_somebody_else_is_refused(user, token):
    answer = await user.get(f"/api/workflow-runs?pageToken={token}")

    assert answer.status_code == 400


async def test_without_its_tasks_a_run_tells_how_many_there_are(user, submit):
    run_id = await submit()

    whole = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]
    short = (await user.get(f"/api/workflow-runs/{run_id}?tasks=false")).json()["data"]

    assert len(whole["taskRuns"]) == whole["totalTasks"] == 2
    assert short == whole | {"taskRuns": []}
    assert short["completedTasks"] == 0


async def test_the_definition_of_somebody_else_shows_and_starts_nothing(
    user, services, submit, definition
):
    run_id = await submit()
    run = (await user.get(f"/api/workflow-runs/{run_id}")).json()["data"]
    asked = {"workflowDefinitionID": run["definitionId"]}
    assert len((await user.get("/api/workflow-runs", params=asked)).json()["data"]) == 1

    user.headers["Authorization"] = f"Bearer {services.tokens.issue('eve')}"
    listed = await user.get("/api/workflow-runs", params=asked)
    started = await user.post("/api/workflow-runs", json=asked | {"resources": {}})

    assert (listed.status_code, listed.json()["data"]) == (200, [])
    assert started.status_code == 403
