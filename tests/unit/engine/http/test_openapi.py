"""The OpenAPI document: there is one, and it says of every operation what there is to know."""

import json
import re
from collections import Counter

import pytest

from orquestra.engine.process.apps import public_app
from orquestra.sdk.schema import api

pytestmark = pytest.mark.anyio

DOCUMENT = public_app(None).openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
EVENTS = "text/event-stream"

each_operation = pytest.mark.parametrize("name", OPERATIONS)


def schemas_of(response):
    return {
        media_type: content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        for media_type, content in response.get("content", {}).items()
    }


@each_operation
def test_an_operation_is_described(name):
    operation = OPERATIONS[name]

    assert operation["summary"]
    assert operation["description"].endswith(".")
    assert len(operation["tags"]) == 1


@each_operation
def test_its_parameters_are_described_and_never_null(name):
    for parameter in OPERATIONS[name].get("parameters", ()):
        assert parameter.get("description"), parameter["name"]
        assert {"type": "null"} not in parameter["schema"].get("anyOf", ())


@each_operation
def test_its_errors_have_the_one_body(name):
    for code, response in OPERATIONS[name]["responses"].items():
        assert response["description"]
        if code.startswith("4") and "text/html" not in response["content"]:
            assert schemas_of(response) == {"application/json": "Error"}


@each_operation
def test_what_needs_a_token_says_so(name):
    operation = OPERATIONS[name]

    for code in ("401", "403"):
        if operation.get("security"):
            assert code in operation["responses"]
    assert operation.get("security", []) in ([], [{"HTTPBearer": []}])


@each_operation
def test_a_success_without_a_body_has_no_media_type(name):
    for code, response in OPERATIONS[name]["responses"].items():
        assert ("content" in response) == (code not in {"204", "307"})


def test_validation_errors_are_bad_requests():
    assert "422" not in json.dumps(DOCUMENT)
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]


def test_operation_ids_are_unique_words_that_programs_can_rely_on():
    counted = Counter(operation["operationId"] for operation in OPERATIONS.values())

    assert [word for word, count in counted.items() if count > 1] == []
    assert [word for word in counted if not re.fullmatch(r"[a-z]+(_[a-z]+)*", word)] == []


def test_every_tag_is_described_and_used():
    described = [tag["name"] for tag in DOCUMENT["tags"]]

    assert set(described) == {tag for each in OPERATIONS.values() for tag in each["tags"]}
    assert len(described) == len(set(described))
    assert all(tag["description"] for tag in DOCUMENT["tags"])


def test_no_part_of_it_leads_nowhere():
    text = json.dumps(DOCUMENT)

    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert named <= DOCUMENT["components"]["schemas"].keys()
    assert "#/$defs/" not in text


def test_the_data_of_events_is_described():
    answers = [each["responses"].get("200", {}) for each in OPERATIONS.values()]
    streams = [each["description"] for each in answers if EVENTS in each.get("content", ())]

    named = {word for text in streams for word in re.findall(r"`([A-Z]\w+)`", text)}
    assert {api.RunProgress.__name__, api.RunLogLine.__name__} <= named
    assert named <= DOCUMENT["components"]["schemas"].keys()


def test_bodies_are_written_out_with_what_tells_kinds_apart():
    body = OPERATIONS["POST /api/workflow-runs"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["properties"]["resources"]["properties"].keys() >= {"nodes", "cpu"}

    body = OPERATIONS["POST /api/workflow-definitions"]["requestBody"]["content"]
    kinds = body["application/json"]["schema"]["properties"]["fn_ref"]["oneOf"]
    assert all("type" in kind["required"] for kind in kinds)


def test_nothing_internal_is_in_it():
    assert not any(path.startswith("/internal") for path in DOCUMENT["paths"])


async def test_nothing_of_the_engine_that_serves_it_is_in_it(user, services):
    secret = {"data": {"name": "kept-name", "value": "kept-value"}}
    assert (await user.post("/api/config/secrets", json=secret)).status_code == 201
    served = (await user.get("/openapi.json")).text

    key = (services.folder.keys / "secret.key").read_bytes()
    token = user.headers["Authorization"].removeprefix("Bearer ")
    for secret in (
        key.hex(),
        token,
        "kept-name",
        "kept-value",
        str(services.folder.root),
        '"example',
    ):
        assert secret not in served


async def test_it_is_served_without_a_login_and_nothing_of_third_parties_with_it(user):
    del user.headers["Authorization"]

    assert (await user.get("/openapi.json")).json() == DOCUMENT
    assert [(await user.get(path)).status_code for path in ("/docs", "/redoc")] == [404, 404]
