import pytest

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning.podman_trial import PodmanOptions, working_options

PICKY = """#!/bin/sh
echo "$@" >> "$0.calls"
case "$*" in
  "--runtime runc --cgroup-manager cgroupfs run "*)
    echo 'exec: "/orquestra-trial": no such file or directory' >&2; exit 127;;
  *) echo 'cgroups in hybrid mode not supported' >&2; exit 126;;
esac
"""
BROKEN = """#!/bin/sh
echo 'user namespaces are not enabled' >&2
exit 125
"""
EASY = """#!/bin/sh
echo 'exec: "/orquestra-trial": no such file or directory' >&2
exit 127
"""


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    """A PATH on which podman and both runtimes are what the test says."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for runtime in ("crun", "runc"):
        write_program(programs / runtime, "#!/bin/sh\n")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return programs


def test_podmans_own_choice_is_kept_where_it_works(installed, tmp_path):
    podman = write_program(installed / "podman", EASY)

    assert working_options(podman, tmp_path) == PodmanOptions()
    assert PodmanOptions().arguments() == []


def test_runtime_and_cgroup_manager_that_work_are_found(installed, tmp_path):
    podman = write_program(installed / "podman", PICKY)

    options = working_options(podman, tmp_path)

    assert options == PodmanOptions(runtime="runc", cgroup_manager="cgroupfs")


def test_result_is_remembered_until_podman_changes(installed, tmp_path):
    podman = write_program(installed / "podman", PICKY)
    working_options(podman, tmp_path)
    trials = calls(installed)

    working_options(podman, tmp_path)
    assert calls(installed) == trials

    write_program(installed / "podman", PICKY + "# another version\n")
    working_options(podman, tmp_path)
    assert calls(installed) == 2 * trials


def test_damaged_memory_is_forgotten(installed, tmp_path):
    podman = write_program(installed / "podman", EASY)
    (tmp_path / "podman.json").write_text('{"machine')

    assert working_options(podman, tmp_path) == PodmanOptions()


def test_all_failures_are_told_where_nothing_works(installed, tmp_path):
    podman = write_program(installed / "podman", BROKEN)

    with pytest.raises(ProvisioningError) as caught:
        working_options(podman, tmp_path)

    assert "podman --runtime crun --cgroup-manager systemd: user namespaces" in str(caught.value)


def write_program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def calls(installed):
    return len((installed / "podman.calls").read_text().splitlines())
