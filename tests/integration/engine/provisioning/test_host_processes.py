import asyncio
import os
import signal
import sys
import time
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning import conformance, host_init, host_tree
from orquestra.engine.provisioning.conformance import Subject, staged
from orquestra.engine.provisioning.contract import (
    Phase,
)
from orquestra.engine.provisioning.host_processes import HostProcesses
from orquestra.sdk.schema.cluster import HOST_IMAGE

AT_ONCE = timedelta(0)
SOON = timedelta(seconds=5)

LEAVES_AN_ORPHAN = (
    "python",
    "-c",
    """
import os, subprocess, sys, time
orphan = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(600)"
subprocess.Popen(["sh", "-c", '"$0" -c "$1" & exit 0', sys.executable, orphan], env={}).wait()
time.sleep(float(sys.argv[1]))
""",
)
"""Its orphan has a session of its own and none of our variables."""


@pytest.fixture
def subject(tmp_path):
    @asynccontextmanager
    async def opened(engine_id):
        yield HostProcesses(tmp_path / "clusters", engine_id=engine_id)

    return Subject(open=opened, image=HOST_IMAGE)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_conforms_to_the_contract(check, subject):
    asyncio.run(check(subject))


def test_launch_is_a_matter_of_milliseconds(subject):
    async def scenario():
        async with staged(subject) as stage:
            began = time.monotonic()
            await stage.launch()
            return time.monotonic() - began

    assert asyncio.run(scenario()) < 1


def test_python_is_the_one_of_the_engine(subject):
    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch(command=("python", "-c", "import sys; print(sys.prefix)"))
            await stage.until(handle, Phase.EXITED)
            return await stage.provisioner.tail(handle, 1)

    assert asyncio.run(scenario()) == [sys.prefix]


def test_removal_ends_orphans_that_hide(subject):
    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch(command=(*LEAVES_AN_ORPHAN, "600"))
            orphan = await written_pid(stage, handle)
            await stage.provisioner.remove(handle, AT_ONCE)
            return orphan

    assert not is_alive(asyncio.run(scenario()))


def test_end_of_the_command_is_the_end_of_its_orphans(subject):
    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch(command=(*LEAVES_AN_ORPHAN, "1"))
            orphan = await written_pid(stage, handle)
            seen = await stage.until(handle, Phase.EXITED)
            return orphan, seen.exit_code

    orphan, exit_code = asyncio.run(scenario())
    assert not is_alive(orphan)
    assert exit_code == 0


def test_command_is_asked_to_end_before_it_is_killed(subject, tmp_path):
    goodbye = tmp_path / "goodbye"
    polite = f"trap 'echo bye > {goodbye}; exit' TERM; echo $$; while :; do sleep 0.05; done"

    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch(command=("sh", "-c", polite))
            await written_pid(stage, handle)
            await stage.provisioner.remove(handle, SOON)

    asyncio.run(scenario())
    assert goodbye.read_text() == "bye\n"


def test_command_that_ignores_sigterm_is_killed_after_the_grace(subject):
    stubborn = "trap '' TERM; echo $$; while :; do sleep 0.05; done"

    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch(command=("sh", "-c", stubborn))
            pid = await written_pid(stage, handle)
            await stage.provisioner.remove(handle, timedelta(seconds=0.3))
            return pid

    assert not is_alive(asyncio.run(scenario()))


def test_node_killed_from_outside_has_exited_and_what_it_left_is_removed(subject):
    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch(command=("sh", "-c", "echo $$; sleep 600; exit 1"))
            pid = await written_pid(stage, handle)
            os.kill(psutil.Process(pid).ppid(), signal.SIGKILL)
            seen = await stage.until(handle, Phase.EXITED)
            left = is_alive(pid)
            await stage.provisioner.remove(handle, AT_ONCE)
            return seen.exit_code, left, is_alive(pid)

    assert asyncio.run(scenario()) == (137, True, False)


def test_command_that_does_not_exist_exits_and_says_so(subject):
    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch(command=("no-such-program",))
            seen = await stage.until(handle, Phase.EXITED)
            return seen.exit_code, await stage.provisioner.tail(handle, 5)

    exit_code, lines = asyncio.run(scenario())
    assert exit_code == 127
    assert lines == ["no-such-program cannot be run: No such file or directory"]


def test_process_that_has_the_id_of_a_lost_one_is_left_alone(subject, tmp_path):
    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch()
            (record,) = (tmp_path / "clusters" / stage.cluster_id / "nodes").iterdir()
            host_init.write(record / host_init.PROCESS, {**STRANGER, "pid": os.getpid()})
            seen = await stage.observe(handle)
            await stage.provisioner.remove(handle, SOON)
            return seen.phase

    assert asyncio.run(scenario()) is Phase.EXITED


STRANGER = {"birth": "an earlier boot:1"}


def test_marked_process_with_the_id_of_a_lost_one_is_not_taken_for_it(monkeypatch):
    birth = host_init.birth_of(os.getpid())
    monkeypatch.setattr(psutil.Process, "environ", lambda _: {host_tree.VARIABLE: "e/c/n"})

    assert host_tree.find(os.getpid(), birth=birth, marker="e/c/n") is not None
    assert host_tree.find(os.getpid(), birth=f"{birth}1", marker="e/c/n") is None


def test_launch_after_a_crash_in_the_middle_of_one_leaves_one_process(subject, tmp_path):
    async def scenario():
        async with staged(subject) as stage:
            first = await stage.launch(command=("sh", "-c", "echo $$; sleep 600; exit 1"))
            pid = await written_pid(stage, first)
            (record,) = (tmp_path / "clusters" / stage.cluster_id / "nodes").iterdir()
            (record / host_init.PROCESS).unlink()
            second = await stage.launch()
            return first, second, is_alive(pid), await stage.observe(second)

    first, second, left, seen = asyncio.run(scenario())
    assert first != second
    assert not left
    assert seen.phase is Phase.RUNNING


def test_removal_deletes_ray_s_temporary_files(subject):
    async def scenario(look):
        async with staged(subject) as stage:
            write = 'echo x > "$RAY_TMPDIR/file"; echo $RAY_TMPDIR'
            handle = await stage.launch(command=("sh", "-c", write))
            await stage.until(handle, Phase.EXITED)
            (folder,) = await stage.provisioner.tail(handle, 1)
            look(folder)
            await stage.provisioner.remove(handle, AT_ONCE)
            return Path(folder)

    seen = []
    folder = asyncio.run(scenario(lambda folder: seen.extend(Path(folder).iterdir())))
    assert seen == [folder / "file"]
    assert not folder.exists()


def test_another_image_is_refused(tmp_path):
    with pytest.raises(ProvisioningError, match="not present"):
        asyncio.run(HostProcesses(tmp_path, engine_id="e").pull("registry/image:1"))


async def written_pid(stage, handle):
    """The process id that a command writes as its first line."""
    deadline = time.monotonic() + 10
    while not (lines := await stage.provisioner.tail(handle, 1)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return int(lines[0])


def is_alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
