"""Bodies that are no JSON, something else, or hold what there cannot be: told, and no fault."""

import json
import re

import pytest

pytestmark = pytest.mark.anyio

DEFINITIONS, RUNS = "/api/workflow-definitions", "/api/workflow-runs"

NOT_JSON = {
    "nothing": b"",
    "not UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "a"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "a"}',
    "half a character": b'{"name": "\\ud800"}',
    "nested deeply": b'{"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested without end": b"[" * 100_000,
    "an endless number": b'{"more": ' + b"9" * 100_000 + b"}",
    "more than one": b"{} {}",
    "Python": b"{'name': 'a'}",
}


@pytest.mark.parametrize("path", [DEFINITIONS, RUNS])
async def test_a_body_that_is_not_json_is_refused(user, path):
    for kind, body in NOT_JSON.items():
        answer = await user.post(path, content=body)

        assert (kind, answer.status_code) == (kind, 400)
        assert "Invalid JSON" in answer.json()["detail"]


@pytest.mark.parametrize("path", [DEFINITIONS, RUNS])
async def test_a_body_that_is_something_else_is_refused(user, path):
    for body in (None, [], "text", 1, True, {}, [{}], {"name": None}):
        answer = await user.post(path, json=body)

        assert (body, answer.status_code) == (body, 400)
        assert answer.json()["message"] == "Bad Request"


async def test_numbers_that_are_pythons_own_are_refused_outside_of_texts(user, definition):
    document = json.loads(definition.model_dump_json())

    for constant in ("NaN", "Infinity", "-Infinity"):
        within_text = json.dumps(document | {"more": f"a text with {constant}"})
        outside = within_text.replace(f'"a text with {constant}"', constant)
        assert (await user.post(DEFINITIONS, content=within_text)).status_code == 201
        refused = await user.post(DEFINITIONS, content=outside)
        assert refused.status_code == 400
        assert f"the number {constant}" in refused.json()["detail"]


async def test_of_two_values_with_one_key_the_last_counts_for_everybody(user, definition):
    text = definition.model_dump_json()
    stored = await user.post(DEFINITIONS, content=f'{{"name": "first", {text[1:]}')

    found = await user.get(f"{DEFINITIONS}/{stored.json()['data']['id']}")

    assert found.json()["data"]["workflow"]["name"] == definition.name
    run = await user.post(RUNS, json={"workflowDefinitionID": stored.json()["data"]["id"]})
    assert run.json()["data"]["id"].startswith(definition.name)


async def test_any_name_of_a_workflow_makes_an_id_that_can_stand_in_a_path(user, definition):
    for name in ("", "\x00", "💥", "a/b?c#d", "ä" * 10_000, "..", "%2e"):
        document = definition.model_dump(mode="json") | {"name": name}
        stored = await user.post(DEFINITIONS, json=document)

        run = await user.post(RUNS, json={"workflowDefinitionID": stored.json()["data"]["id"]})

        run_id = run.json()["data"]["id"]
        assert re.fullmatch(r"[\w-]+-\w{5}-r000", run_id, re.ASCII)
        assert (await user.get(f"{RUNS}/{run_id}")).status_code == 200


NO_AMOUNTS = ["", "-1", "1e400", "NaN", "9" * 400, "1 Gi", "\x00", "Gi", "0x1", "1e-400"]
WRONG_RESOURCES = [
    *({"resources": {"cpu": amount, "memory": "1Gi"}} for amount in NO_AMOUNTS),
    *({"headNodeResources": {"cpu": amount, "memory": "1Gi"}} for amount in NO_AMOUNTS),
    *({"resources": {"nodes": nodes}} for nodes in (0, -1, 1.5, 10**30, "many", [])),
    {"resources": None},
]


async def test_resources_that_are_none_are_refused(user, definition):
    stored = await user.post(DEFINITIONS, content=definition.model_dump_json())
    known = {"workflowDefinitionID": stored.json()["data"]["id"]}

    for wrong in WRONG_RESOURCES:
        answer = await user.post(RUNS, json=known | wrong)

        assert (wrong, answer.status_code, answer.json()["code"]) == (wrong, 400, 3)
