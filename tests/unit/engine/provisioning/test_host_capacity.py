import os

import pytest

from orquestra.engine.provisioning.host_capacity import host_capacity

GIBIBYTE = 2**30


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of eight CPUs whose files a test writes."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)

    def write(**files):
        for path, text in files.items():
            file = tmp_path / path.replace("__", "/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return write


def test_a_machine_without_limits_is_used_whole(machine):
    capacity = host_capacity(root=machine())

    assert capacity.size.cpu == 8
    assert capacity.size.memory > 0
    assert capacity.size.gpu == 0


def test_limits_of_a_control_group_count_its_parents_too(machine):
    root = machine(
        proc__self__cgroup="0::/user.slice/session\n",
        **{
            "sys/fs/cgroup/user.slice/session/cpu.max": "max 100000\n",
            "sys/fs/cgroup/user.slice/cpu.max": "350000 100000\n",
            "sys/fs/cgroup/user.slice/session/memory.max": f"{GIBIBYTE}\n",
        },
    )

    size = host_capacity(root=root).size

    assert (size.cpu, size.memory) == (3, GIBIBYTE)


def test_limits_of_the_first_version_count_too(machine):
    root = machine(
        proc__self__cgroup="4:memory:/box\n1:cpu,cpuacct:/box\n",
        **{
            "sys/fs/cgroup/cpu/box/cpu.cfs_quota_us": "200000",
            "sys/fs/cgroup/cpu/box/cpu.cfs_period_us": "100000",
            "sys/fs/cgroup/memory/box/memory.limit_in_bytes": str(GIBIBYTE),
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        },
    )
    (root / "sys/fs/cgroup/cpu,cpuacct").symlink_to("cpu")

    size = host_capacity(root=root).size

    assert (size.cpu, size.memory) == (2, GIBIBYTE)


def test_less_than_a_cpu_is_still_one(machine):
    root = machine(proc__self__cgroup="0::/\n", **{"sys/fs/cgroup/cpu.max": "50000 100000"})

    assert host_capacity(root=root).size.cpu == 1


def test_gpus_are_counted_by_their_devices(machine):
    devices = ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm")
    root = machine(**{f"dev/{name}": "" for name in devices})

    assert host_capacity(root=root).size.gpu == 2


def test_simulated_gpus_take_the_place_of_real_ones(machine):
    root = machine(**{"dev/nvidia0": ""})

    assert host_capacity(root=root, simulated_gpus=4).size.gpu == 4
