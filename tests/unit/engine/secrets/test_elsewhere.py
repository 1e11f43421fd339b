"""A task on the local runtime asks for a secret of a Compute Engine, with its user's login."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import quote

import httpx
import pytest

from orquestra.engine.images.testing import MemoryCatalogue
from orquestra.engine.process.apps import cluster_app
from orquestra.engine.secrets import elsewhere
from orquestra.engine.testing import memory_engine
from orquestra.sdk.compute_engine.secret_store import SecretStore
from orquestra.sdk.configuration.config import RuntimeConfig
from tests.unit.cli.canned_engine import token
from tests.unit.engine.conftest import client_of
from tests.unit.engine.secrets.conftest import SECRETS, VALUE, changed, new

pytestmark = pytest.mark.anyio


class Other:
    """Another engine: its answer to everything, and what it was asked."""

    def __init__(self) -> None:
        self.answer = httpx.Response(200, json={"data": []})
        self.asked: list[httpx.Request] = []
        self.delay: Callable[[], object] = lambda: None

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        self.delay()
        return self.answer


@pytest.fixture
def other(monkeypatch, tmp_path):
    other = Other()
    transport = httpx.MockTransport(other.handle)
    monkeypatch.setattr(elsewhere, "SecretStore", partial(SecretStore, transport=transport))
    monkeypatch.setenv("ORQ_CONFIG_PATH", str(tmp_path / "config.json"))
    RuntimeConfig.ce("https://prod.example.com", token())
    return other


@pytest.fixture
async def task(tmp_path):
    async with (
        memory_engine(tmp_path, catalogue=MemoryCatalogue(), local=True) as services,
        client_of(cluster_app(services)) as client,
    ):
        client.headers["Authorization"] = f"Bearer {services.tokens.issue('ada')}"
        client.params = {"config": "prod"}
        yield client


async def test_a_secret_is_read_with_the_login_of_the_user(task, other):
    other.answer = httpx.Response(200, json={"data": {"details": {"name": "a", "value": VALUE}}})

    found = await task.get(f"{SECRETS}/zri:v1::0:team:secret:a")

    details = {"name": "a", "value": VALUE, "resourceGroup": "team"}
    assert found.json() == {"data": {"details": details}}
    (asked,) = other.asked
    assert asked.url == f"https://prod.example.com{SECRETS}/zri:v1::0:team:secret:a"
    assert asked.headers["authorization"] == f"Bearer {token()}"


async def test_names_are_those_of_the_other_engine(task, other):
    other.answer = httpx.Response(200, json={"data": [{"name": "a"}]})

    listed = await task.get(SECRETS, params={"config": "prod", "workspace": "team"})

    assert listed.json() == {"data": [{"name": "a"}]}
    assert other.asked[0].url.query == b"workspace=team"


async def test_secrets_are_saved_and_removed_there(task, other):
    other.answer = httpx.Response(200, json={})

    assert (await task.post(SECRETS, json=new("a"))).status_code == 201
    assert (await task.post(f"{SECRETS}/a", json=changed("b"))).status_code == 200
    assert (await task.delete(f"{SECRETS}/a")).status_code == 204
    assert [request.method for request in other.asked] == ["POST", "POST", "DELETE"]
    assert (await task.get(SECRETS, params={"config": "local"})).json() == {"data": []}


UP = "../../workflow-runs/wf-1-r000/terminate"


async def test_no_name_or_workspace_leads_to_other_calls_of_that_engine(task, other):
    answers = [
        await task.post(SECRETS, json=new(UP)),
        await task.post(SECRETS, json=new("..")),
        await task.post(SECRETS, json=new("a", workspace="../x")),
    ]
    for path in (quote(UP, safe=""), "zri:v1::0:..%2Fx:secret:a", "%2e%2e"):
        answers.append(await task.get(f"{SECRETS}/{path}"))
        answers.append(await task.delete(f"{SECRETS}/{path}"))

    assert [answer.status_code for answer in answers] == [400, 400, 400] + [404] * 6
    assert other.asked == []


async def test_an_engine_that_answers_slowly_delays_nothing_else(task, other):
    loop, begun, gate = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))

    def delay() -> None:
        loop.call_soon_threadsafe(begun.set)
        gate.wait(10)

    other.delay = delay
    asked = asyncio.create_task(task.get(f"{SECRETS}/a"))
    await begun.wait()
    try:
        # As a definition does, which is read in a thread.
        await asyncio.wait_for(asyncio.to_thread(int), timeout=2)
    finally:
        gate.set()

    assert (await asked).status_code == 502


async def test_that_engine_has_to_answer_soon(task, other):
    await task.get(SECRETS)

    assert other.asked[0].extensions["timeout"]["read"] == elsewhere.PATIENCE.total_seconds()


REFUSALS = {
    "not there": (404, 404, "There is no secret 'a' in your workspace"),
    "wrong login": (401, 502, "The login 'prod' of the local runtime's user was used."),
    "no right": (403, 502, "The login 'prod' of the local runtime's user was used."),
    "broken": (500, 502, "The login 'prod' of the local runtime's user was used."),
}


@pytest.mark.parametrize(("there", "here", "sentence"), REFUSALS.values(), ids=REFUSALS)
async def test_what_goes_wrong_there_is_told_here(task, other, there, here, sentence):
    other.answer = httpx.Response(there, json={"message": "m", "detail": "Not today."})

    answer = await task.get(f"{SECRETS}/a")

    assert answer.status_code == here
    assert sentence in answer.json()["detail"]


async def test_a_login_that_is_not_saved_is_told(task, other):
    for config in ("other", "in_process"):
        answer = await task.get(f"{SECRETS}/a", params={"config": config})

        assert answer.status_code == 400
        assert config in answer.json()["detail"]
    assert other.asked == []
