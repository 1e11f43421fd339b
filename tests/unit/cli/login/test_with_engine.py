"""Logging in through the login page of a real engine, with a browser that only follows links."""

import asyncio
import re
import socket
import threading
import webbrowser
from datetime import UTC, datetime

import httpx
import pytest
import uvicorn

from orquestra.cli.doctor import logins
from orquestra.cli.doctor.findings import Verdict
from orquestra.engine.auth.passwords import password_hash
from orquestra.engine.images.testing import MemoryCatalogue
from orquestra.engine.process.apps import public_app
from orquestra.engine.testing import memory_engine
from orquestra.engine.users import service as users

PASSWORD = "correct horse"


@pytest.fixture
def engine_uri(tmp_path):
    """An engine on a port, whose user ada has a password."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        served = threading.Event()
        server: list[uvicorn.Server] = []

        async def serve():
            async with memory_engine(tmp_path / "engine", catalogue=MemoryCatalogue()) as services:
                async with services.database.writing() as session:
                    now = datetime.now(UTC)
                    await users.set_password(
                        session, "ada", password_hash=password_hash(PASSWORD), at=now
                    )
                config = uvicorn.Config(public_app(services), log_config=None, lifespan="off")
                server.append(uvicorn.Server(config))
                served.set()
                await server[0].serve(sockets=[listening])

        thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        thread.start()
        assert served.wait(5)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server[0].should_exit = True
        thread.join()


def log_in(page):
    """What somebody does in the browser."""
    form = {"user": "ada", "password": PASSWORD}
    answer = httpx.post(page, data=form, headers={"Origin": page.partition("/login")[0]})
    (link,) = re.findall(r'id="deliver" href="([^"]+)"', answer.text)
    assert httpx.get(link.replace("&amp;", "&")).status_code == 200
    return True


def test_a_user_logs_in_in_the_browser_and_the_engine_accepts_the_login(
    orq, engine_uri, monkeypatch
):
    monkeypatch.setenv("BROWSER", "fake")
    monkeypatch.setattr(webbrowser, "open", log_in)

    result = orq("login", "-s", engine_uri)

    assert result.exit_code == 0, result.output
    assert orq.json("workspace", "list")["workspaces"] == [{"id": "ada", "name": "ada"}]


def test_the_doctor_finds_nothing_wrong_with_such_a_login(orq, engine_uri, monkeypatch):
    monkeypatch.setenv("BROWSER", "fake")
    monkeypatch.setattr(webbrowser, "open", log_in)
    orq("login", "-s", engine_uri)

    (check,) = logins.checks(only=None).values()

    assert [finding.verdict for finding in check()] == [Verdict.OK, Verdict.OK]
