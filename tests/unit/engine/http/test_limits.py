"""Bodies that are too large are refused, whoever sends them, and before they are all there."""

import pytest

from orquestra.engine.http.limits import MAX_BODY, BodyLimit
from orquestra.engine.process.apps import public_app
from tests.unit.engine.conftest import client_of

pytestmark = pytest.mark.anyio

DEFINITIONS = "/api/workflow-definitions"


@pytest.fixture
async def strict(services):
    """The client of an app that takes bodies of a kibibyte at most."""
    app = public_app(services)
    async with client_of(BodyLimit(app, limit=1024)) as client:
        client.headers["Authorization"] = f"Bearer {services.tokens.issue('ada')}"
        yield client


async def pieces(count):
    for _ in range(count):
        yield b" " * 512


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(strict):
    answer = await strict.post(DEFINITIONS, content=b" " * 1025)

    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert "constants" in answer.json()["detail"]


@pytest.mark.parametrize(("count", "status"), [(2, 400), (3, 413)])
async def test_a_body_that_does_not_say_its_size_is_read_up_to_the_limit(strict, count, status):
    answer = await strict.post(DEFINITIONS, content=pieces(count))

    assert answer.status_code == status
    assert answer.json()["detail"]


async def test_a_body_that_is_too_large_is_refused_to_everybody(strict):
    del strict.headers["Authorization"]

    assert (await strict.post(DEFINITIONS, content=b" " * 1025)).status_code == 413


async def test_a_size_that_says_nothing_is_counted(strict):
    for length in ("", "-1", "nonsense", "²"):
        headers = {"Content-Length": length.encode()}
        answer = await strict.post(DEFINITIONS, content=pieces(3), headers=headers)

        assert (length, answer.status_code) == (length, 413)


def test_definitions_of_many_megabytes_are_taken():
    assert MAX_BODY >= 100 * 10**6
