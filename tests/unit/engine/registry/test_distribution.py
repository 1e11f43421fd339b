import asyncio
import os
import socket
from pathlib import Path

import pytest

from orquestra.engine.errors import ConfigurationError
from orquestra.engine.registry.distribution import LocalRegistry, render_configuration

GOLDEN = Path(__file__).parent / "golden/distribution.yml"


def test_configuration_is_the_committed_one():
    rendered = render_configuration(Path("/data/registry"), address="127.0.0.1:5000")

    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(rendered)
    assert rendered == GOLDEN.read_text()


def test_missing_program_is_told_with_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert "apt-get install docker-registry" in refusal(LocalRegistry(tmp_path, port=1))


def test_taken_port_is_told_with_who_has_it_and_what_to_set(tmp_path, monkeypatch):
    program = tmp_path / "docker-registry"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        message = refusal(LocalRegistry(tmp_path, port=port))

    assert f"127.0.0.1:{port}" in message
    assert "[registry]" in message
    if Path("/proc/net/tcp").exists():
        assert f"(process {os.getpid()}) listens there already" in message


def test_program_that_ends_at_once_is_quoted(tmp_path, monkeypatch):
    program = tmp_path / "docker-registry"
    program.write_text("#!/bin/sh\necho 'configuration error: bad colour'; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert "bad colour" in refusal(LocalRegistry(tmp_path / "data", port=port))


def refusal(registry):
    async def enter():
        async with registry:
            pytest.fail("the registry started")

    with pytest.raises(ConfigurationError) as caught:
        asyncio.run(enter())
    return str(caught.value)
