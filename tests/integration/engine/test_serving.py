"""An engine as a process: how it starts, and how it refuses to."""

import socket
import subprocess

import psutil
import pytest

from tests.running_engine import ORQ, RunningEngine, free_port

pytestmark = pytest.mark.containers

MEBIBYTE = 2**20


@pytest.fixture
def own_engine(tmp_path):
    """An engine of this test's own, without images."""
    (tmp_path / "engine.toml").write_text(f"[registry]\nport = {free_port()}\n")
    running = RunningEngine(data=tmp_path / "data", configuration=tmp_path / "engine.toml")
    yield running
    running.stop()


def serve(*arguments: str) -> str:
    """Try to start an engine that cannot start, and give what it says."""
    command = [ORQ, "engine", "serve", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_an_idle_engine_is_small_and_leaves_no_process(own_engine):
    own_engine.start()
    process = psutil.Process(own_engine.process.pid)
    children = process.children(recursive=True)

    assert process.memory_info().rss < 200 * MEBIBYTE
    own_engine.stop()

    assert children
    assert not any(child.is_running() for child in children)


def test_a_killed_engine_takes_its_helpers_with_it_and_can_be_started_again(own_engine):
    own_engine.start()
    children = psutil.Process(own_engine.process.pid).children(recursive=True)

    own_engine.kill()
    _, alive = psutil.wait_procs(children, timeout=10)

    assert not alive
    own_engine.start()


def test_two_engines_never_share_a_data_folder(own_engine):
    own_engine.start()

    said = serve("--data", str(own_engine.data), "--port", "0")

    assert str(own_engine.process.pid) in said
    assert "--data" in said


def test_a_taken_port_is_named_with_the_option_that_changes_it(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        said = serve("--data", str(tmp_path / "data"), "--port", str(port))

    assert str(port) in said
    assert "--port" in said


def test_a_taken_port_of_the_registry_is_named_with_its_setting(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "engine.toml").write_text(f"[registry]\nport = {port}\n")

        said = serve(
            *("--data", str(tmp_path / "data")),
            *("--port", "0"),
            *("--config", str(tmp_path / "engine.toml")),
        )

    assert str(port) in said
    assert "[registry]" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [("[nodes]\nidle_time = 3\n", "idle_time"), ("nonsense", "engine.toml")],
)
def test_a_configuration_file_that_says_nothing_known_is_refused(tmp_path, content, said):
    (tmp_path / "engine.toml").write_text(content)

    refusal = serve("--config", str(tmp_path / "engine.toml"), "--data", str(tmp_path / "data"))

    assert said in refusal
