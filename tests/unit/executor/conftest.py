"""Fixtures of the executor's unit tests."""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from orquestra.executor import installation
from orquestra.executor.forwarder import Forwarder
from orquestra.executor.testing import MemoryEngine, PlanBuilder
from orquestra.executor.virtual_environments import Tool, python_of
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.schema.cluster import RunContext

TOKEN = "e30.e30.c2ln"
"""Looks like that of a run."""
CONTEXT = RunContext(
    owner="ada@example.com",
    workspace_id="team",
    project_id="physics",
    cluster="https://engine.example.com",
    token=TOKEN,
)


@pytest.fixture
def serve():
    """Serve runs on a Unix socket for the length of a test."""
    with ExitStack() as stack:

        def start(*runs, **options):
            # The path of a socket may have 107 characters, and pytest's own folders are deep.
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            engine = MemoryEngine(*runs, folder=Path(folder), **options)
            return stack.enter_context(engine)

        yield start


@pytest.fixture
def keeper(serve):
    """An engine with secrets, which the token of its one run opens."""
    return serve(PlanBuilder().build(context=CONTEXT))


@pytest.fixture
def access(keeper):
    """How what runs on the cluster reads secrets of the run, through the forwarder of its head."""
    with Forwarder(keeper.head_start.engine_socket, host="127.0.0.1", port=0) as forwarder:
        yield SecretsLogin(uri=f"http://127.0.0.1:{forwarder.port}", token=TOKEN)


@pytest.fixture
def play(monkeypatch):
    """Lets shell scripts play the programs; each notes what it does in the folder's parent."""

    def set_tools(*scripts):
        def made(folder):
            create = f"mkdir -p {folder}/bin; ln -s {sys.executable} {python_of(folder)}"
            return [
                Tool(
                    name=f"tool {number}",
                    create=("sh", "-c", f"{create}; echo create {number} >> {folder}.log"),
                    install=("sh", "-c", script, "sh"),
                    sees_image=True,
                )
                for number, script in enumerate(scripts, 1)
            ]

        monkeypatch.setattr(installation, "tools", made)
        monkeypatch.setattr(installation, "see_image", lambda *_: None)

    return set_tools
