"""What serving does around the servers: signals, and whose runs those of a local engine are."""

import os
import pwd
import signal
from contextlib import asynccontextmanager

import pytest

from orquestra.engine import serving
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


def test_runs_belong_to_who_runs_the_engine_whatever_the_shell_says(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")

    assert serving._user() == pwd.getpwuid(os.getuid()).pw_name


def test_an_id_without_a_name_is_a_user_too(monkeypatch):
    def unknown(number):
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", unknown)

    assert serving._user() == f"user-{os.getuid()}"
