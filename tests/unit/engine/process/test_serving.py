"""What serving does around the servers: signals, and whose runs those of a local engine are."""

import os
import pwd
import signal
from contextlib import asynccontextmanager

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
