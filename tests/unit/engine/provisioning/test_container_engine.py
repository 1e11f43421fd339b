import asyncio
import socket
import socketserver
import threading

import pytest

from orquestra.engine.errors import ContainerEngineMissing
from orquestra.engine.provisioning.container_engine import ContainerEngineService


def test_nothing_found_is_told_with_what_was_looked_at_and_how_to_get_one(tmp_path):
    message = refusal(tmp_path, {"PATH": str(tmp_path), "HOME": str(tmp_path)})

    assert "podman: not installed" in message
    assert f"{tmp_path}/.docker/run/docker.sock" in message
    assert "podman" in message.splitlines()[-1] or "Docker Desktop" in message.splitlines()[-1]


def test_chosen_engine_is_the_only_one_tried(tmp_path):
    message = refusal(tmp_path, {"DOCKER_HOST": f"unix://{tmp_path}/absent.sock"})

    assert "absent.sock, but there is no such socket" in message
    assert "unset it to look elsewhere" in message


def test_socket_that_nobody_listens_on_is_named(tmp_path):
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    message = refusal(tmp_path, {"DOCKER_HOST": f"unix://{path}"})

    assert "no program listens on it" in message


def test_program_that_is_no_container_engine_is_named(tmp_path):
    path = tmp_path / "other.sock"

    class Greeting(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.sendall(b"220 mail.example ESMTP\r\n")

    with socketserver.UnixStreamServer(str(path), Greeting) as other:
        threading.Thread(
            target=other.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        message = refusal(tmp_path, {"DOCKER_HOST": f"unix://{path}"})
        other.shutdown()

    assert "does not answer as a container engine does" in message


def test_container_engine_of_another_machine_is_refused(tmp_path):
    assert "another machine" in refusal(tmp_path, {"DOCKER_HOST": "ssh://ann@big"})


def refusal(runtime_dir, environment):
    async def enter():
        async with ContainerEngineService(runtime_dir, environment=environment):
            pytest.fail("a container engine was found")

    with pytest.raises(ContainerEngineMissing) as caught:
        asyncio.run(enter())
    return str(caught.value)
