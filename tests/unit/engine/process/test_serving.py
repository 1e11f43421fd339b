"""What serving does around the servers: signals, and whose runs those of a local engine are."""

import asyncio
import logging
import os
import pwd
import signal
import socket
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest

from orquestra.engine.process import serving
from orquestra.engine.settings import Settings
from orquestra.engine.testing import memory_engine

pytestmark = pytest.mark.anyio


async def test_a_signal_before_the_servers_have_begun_ends_an_engine_in_an_orderly_way(
    tmp_path, catalogue, monkeypatch
):
    parked = []

    @asynccontextmanager
    async def opened(_):
        async with memory_engine(tmp_path, catalogue=catalogue, local=True) as services:
            yield services

    async def interrupted(_):
        os.kill(os.getpid(), signal.SIGTERM)

    async def park_all(services):
        parked.append(services)

    monkeypatch.setattr(serving, "open_engine", opened)
    monkeypatch.setattr(serving, "park_lost", interrupted)
    monkeypatch.setattr(serving, "park_all", park_all)
    # What the signal would do to this process, were nobody to handle it.
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.fail("nobody handled the signal"))
    try:
        await serving.serve(Settings(data=tmp_path, local=True, port=0))
    finally:
        signal.signal(signal.SIGTERM, before)

    assert len(parked) == 1


async def test_a_signal_ends_open_streams(services, user, submit):
    path = f"/api/workflow-run-events?workflowRunId={await submit()}"

    with serving._stopping_on_signals(services, servers=()):
        stream = asyncio.create_task(user.get(path))
        while not services.changes.streams:
            assert not stream.done()
            await asyncio.sleep(0)
        signal.raise_signal(signal.SIGTERM)

        async with asyncio.timeout(1):
            assert (await stream).status_code == 200


async def endless(scope, receive, send) -> None:
    """An app that never ends its answer."""
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"more to come", "more_body": True})
    await asyncio.Event().wait()


async def test_requests_that_the_end_breaks_off_are_no_failures(monkeypatch, caplog):
    monkeypatch.setattr(serving, "_CONNECTIONS_LIMIT", timedelta(0))
    server = serving._Server(endless, uds=None)
    server.config.lifespan = "off"
    said = logging.getLogger("uvicorn.error")
    said.addHandler(caplog.handler)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving_it = asyncio.create_task(server.serve(sockets=[listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: engine\r\n\r\n")
        await reader.readuntil(b"more to come")

        server.should_exit = True
        await serving_it

    writer.close()
    said.removeHandler(caplog.handler)
    assert "Traceback" not in caplog.text
    assert "graceful shutdown exceeded" in caplog.text


async def whence(scope, _, send) -> None:
    """An app that answers where a request comes from."""
    found = f"{scope['scheme']} {scope['client'][0]}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": found})


PROXIES = {
    "nothing is trusted": ([], "127.0.0.1", "http 127.0.0.1"),
    "a proxy": (["127.0.0.1"], "127.0.0.1", "https 10.9.9.9"),
    "a network of proxies": (["10.0.0.0/8", "::1"], "10.1.2.3", "https 10.9.9.9"),
    "somebody else": (["10.0.0.0/8"], "127.0.0.1", "http 127.0.0.1"),
}


@pytest.mark.parametrize(("trusted", "client", "found"), PROXIES.values(), ids=PROXIES)
async def test_who_says_where_a_request_comes_from_must_be_trusted(
    tmp_path, monkeypatch, trusted, client, found
):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    settings = Settings(data=tmp_path, trusted_proxies=trusted)
    server = serving._Server(whence, uds=None, proxies=settings.trusted_proxies)
    server.config.load()
    transport = httpx.ASGITransport(app=server.config.loaded_app, client=(client, 1))

    async with httpx.AsyncClient(transport=transport, base_url="http://engine") as http:
        said = {"X-Forwarded-For": "10.9.9.9", "X-Forwarded-Proto": "https"}
        assert (await http.get("/", headers=said)).text == found


def test_runs_belong_to_who_runs_the_engine_whatever_the_shell_says(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")

    assert serving._user() == pwd.getpwuid(os.getuid()).pw_name


def test_an_id_without_a_name_is_a_user_too(monkeypatch):
    def unknown(number):
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", unknown)

    assert serving._user() == f"user-{os.getuid()}"


@pytest.mark.parametrize("name", ["a#b", "50%", "who?", "a//b", " ada"])
def test_a_name_that_no_user_can_have_is_none(monkeypatch, name):
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_name=name))

    assert serving._user() == f"user-{os.getuid()}"
