import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from docker.types import Ulimit

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning import conformance
from orquestra.engine.provisioning.conformance import staged
from orquestra.engine.provisioning.containers import ContainerProvisioner
from orquestra.engine.provisioning.contract import HEAD, Mount, Phase
from orquestra.engine.provisioning.limits import read_host_limits
from orquestra.engine.provisioning.naming import ENGINE_LABEL, container_name, network_name
from orquestra.sdk.schema.cluster import NodeSize

pytestmark = pytest.mark.containers

MEBIBYTE = 1024**2


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_conforms_to_the_contract(runner, subject, check):
    runner.run(check(subject))


REPORT = """
import json, os, shutil
from pathlib import Path

def limit(*files):
    return next(Path(file).read_text().split() for file in files if Path(file).exists())

status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "user": [os.getuid(), os.getgid()],
    "capabilities": [int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")],
    "no_new_privileges": int(status["NoNewPrivs"]),
    "shared_memory": shutil.disk_usage("/dev/shm").total,
    "host": os.uname().nodename,
    "greeting": os.environ["GREETING"],
}))
"""


def test_container_runs_confined(runner, subject):
    seen = json.loads(runner.run(output_of(subject, REPORT, environment={"GREETING": "hello"})))

    assert seen["user"] == [1000, 100]
    assert seen["capabilities"] == [0, 0, 0]
    assert seen["no_new_privileges"] == 1
    assert seen["host"] == "node-1"
    assert seen["greeting"] == "hello"
    assert seen["shared_memory"] == pytest.approx(0.35 * 64 * MEBIBYTE, rel=0.01)


def test_memory_and_cpu_limits_hold_in_the_control_group(runner, subject, client):
    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch()
            return limits_of_process(client.api.inspect_container(handle)["State"]["Pid"])

    assert runner.run(scenario()) == (64 * MEBIBYTE, 0.5)


def test_node_beyond_its_memory_is_observed_as_out_of_memory(runner, subject):
    async def scenario():
        async with staged(subject) as stage:
            command = ("python", "-c", f"bytearray({512 * MEBIBYTE})")
            return await stage.until(await stage.launch(command=command), Phase.EXITED)

    seen = runner.run(scenario())

    assert seen.out_of_memory
    assert seen.exit_code == 137


def test_killed_node_is_not_taken_for_one_out_of_memory(runner, subject, client):
    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch()
            client.api.kill(handle)
            return await stage.until(handle, Phase.EXITED)

    seen = runner.run(scenario())

    assert (seen.exit_code, seen.out_of_memory) == (137, False)


def test_command_takes_the_place_of_entrypoint_and_cmd(runner, subject, derived_image):
    image = derived_image(
        ['ENTRYPOINT ["echo", "entrypoint"]', 'CMD ["cmd"]', "STOPSIGNAL SIGUSR1", "USER root"]
    )

    output = runner.run(output_of(replace(subject, image=image), "print('ours')"))

    assert output == "ours"


def test_nodes_of_a_run_find_each_other_by_name(runner, subject):
    async def scenario():
        async with staged(subject) as stage:
            await stage.provisioner.launch(stage.spec(HEAD, pool_id=None))
            return await run_python(stage, RESOLVE, node_id="node-7")

    assert runner.run(scenario()).startswith("10.")


def test_nodes_of_another_run_are_not_found_by_name(runner, subject):
    async def scenario():
        async with staged(subject) as stage, staged(subject) as other:
            await stage.provisioner.launch(stage.spec(HEAD, pool_id=None))
            return await run_python(other, RESOLVE, node_id="node-7")

    assert runner.run(scenario()) == "unknown"


RESOLVE = """
import socket
try:
    print(socket.gethostbyname("head"))
except OSError:
    print("unknown")
"""


def test_mounted_folder_is_read_only_unless_said_otherwise(runner, subject, tmp_path):
    (tmp_path / "note").write_text("from outside")
    tmp_path.chmod(0o777)
    program = """
    print(open("/mnt/engine/note").read())
    open("/mnt/engine/reply", "w").close()
    """.replace("    ", "")

    async def scenario(*, read_only):
        mount = Mount(source=str(tmp_path), target="/mnt/engine", read_only=read_only)
        async with staged(subject) as stage:
            return await run_python(stage, program, mounts=(mount,))

    assert "Read-only file system" in runner.run(scenario(read_only=True))
    assert runner.run(scenario(read_only=False)) == "from outside"
    assert (tmp_path / "reply").exists()


def test_missing_folder_to_mount_is_refused(runner, subject):
    async def scenario():
        mount = Mount(source="/nowhere/at/all", target="/mnt/engine")
        async with staged(subject) as stage:
            await stage.provisioner.launch(replace(stage.spec(), mounts=(mount,)))

    with pytest.raises(ProvisioningError, match="/nowhere/at/all, which does not exist"):
        runner.run(scenario())


def test_half_made_container_is_completed(runner, subject, client):
    """As after a crash between creation and start."""

    async def scenario():
        async with staged(subject) as stage:
            first = await stage.launch()
            made = client.containers.get(first)
            await stage.provisioner.remove(first, timedelta(0))
            half = client.containers.create(
                made.attrs["Config"]["Image"],
                ["sleep", "600"],
                name=made.name,
                labels=made.labels,
                network=network_name(stage.cluster_id),
                ulimits=possible_ulimits(),
            )
            assert (await stage.observe(half.id)).phase is Phase.CREATED
            assert await stage.launch() == half.id
            return await stage.until(half.id, Phase.RUNNING)

    assert runner.run(scenario()).phase is Phase.RUNNING


def test_container_that_cannot_start_leaves_nothing_and_says_why(runner, subject):
    async def scenario():
        async with staged(subject) as stage:
            with pytest.raises(ProvisioningError) as caught:
                await stage.launch(command=("/no/such/program",))
            return str(caught.value), await stage.provisioner.inventory()

    message, inventory = runner.run(scenario())

    assert "does not contain the program" in message
    assert inventory.containers == ()


def test_somebody_elses_container_of_the_same_name_is_not_taken_over(
    runner, subject, client, image
):
    async def scenario():
        async with staged(subject) as stage:
            name = container_name(stage.cluster_id, stage.spec().node_id)
            foreign = client.containers.create(image, ["true"], name=name)
            try:
                with pytest.raises(ProvisioningError, match="did not make"):
                    await stage.launch()
                await stage.provisioner.remove(foreign.id, timedelta(0))
                foreign.reload()
            finally:
                foreign.remove(force=True)

    runner.run(scenario())


def test_unlabelled_containers_are_never_listed(runner, subject, client, image):
    async def scenario(foreign):
        async with staged(subject) as stage:
            return {seen.handle for seen in (await stage.provisioner.inventory()).containers}

    foreign = client.containers.create(image, ["true"], labels={f"{ENGINE_LABEL}x": "1"})
    try:
        assert runner.run(scenario(foreign)) == set()
    finally:
        foreign.remove(force=True)


def test_node_that_ignores_sigterm_is_killed_after_its_grace(runner, subject):
    async def scenario():
        async with staged(subject) as stage:
            handle = await stage.launch(command=("sh", "-c", "trap '' TERM; sleep 600"))
            async with asyncio.timeout(10):
                await stage.provisioner.remove(handle, timedelta(seconds=1))
            return await stage.provisioner.inventory()

    assert runner.run(scenario()).containers == ()


def test_simulated_gpus_are_part_of_the_capacity(runner, container_engine):
    async def scenario():
        async with ContainerProvisioner(
            container_engine, engine_id="gpus", simulated_gpus=2
        ) as provisioner:
            return await provisioner.capacity()

    assert runner.run(scenario()).size.gpu == 2


async def output_of(subject, program, *, environment=None):
    async with staged(subject) as stage:
        return await run_python(stage, program, environment=environment)


async def run_python(stage, program, *, node_id="node-1", environment=None, mounts=()):
    spec = stage.spec(
        node_id,
        command=("python", "-c", program),
        size=NodeSize(cpu=0.5, memory=64 * MEBIBYTE, gpu=0),
    )
    handle = await stage.provisioner.launch(
        replace(spec, environment=environment or {}, mounts=mounts)
    )
    await stage.until(handle, Phase.EXITED)
    return "\n".join(await stage.provisioner.tail(handle, 100))


def possible_ulimits():
    """Podman's own defaults are beyond what some machines can give."""
    limits = read_host_limits()
    return [
        Ulimit(name="nofile", soft=limits.open_files, hard=limits.open_files),
        Ulimit(name="nproc", soft=limits.processes, hard=limits.processes),
    ]


def limits_of_process(pid):
    """Memory in bytes and CPUs, from the control group of a process, old or new hierarchy."""
    groups = dict(line.split(":")[1:] for line in Path(f"/proc/{pid}/cgroup").read_text().split())
    root = Path("/sys/fs/cgroup")
    if "memory" not in groups:
        folder = root / groups[""].lstrip("/")
        quota, period = (folder / "cpu.max").read_text().split()
        return int((folder / "memory.max").read_text()), int(quota) / int(period)
    memory = root / "memory" / groups["memory"].lstrip("/") / "memory.limit_in_bytes"
    cpu = root / "cpu" / groups["cpu"].lstrip("/")
    quota, period = (int((cpu / f"cpu.cfs_{name}_us").read_text()) for name in ("quota", "period"))
    return int(memory.read_text()), quota / period
