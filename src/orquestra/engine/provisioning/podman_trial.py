"""Finding out how podman must be called so that containers start on this machine.

An OCI runtime and a cgroup manager have to suit the kernel: crun refuses machines with both
hierarchies of cgroups, and the systemd manager needs systemd. No table of such rules stays true,
so we try, once, with a container that has the limits of a real one. It needs no image: its root
file system is an empty folder, and it has worked when the runtime, after everything else, cannot
find the program in there.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from orquestra.engine.errors import ProvisioningError
from orquestra.engine.provisioning.limits import HostLimits, read_host_limits

_MEMORY_FILE = "podman.json"
_PROGRAM = "/orquestra-trial"
_RUNTIMES = ("crun", "runc")
_NOT_FOUND = 127
_PATIENCE = timedelta(seconds=20)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, kw_only=True)
class PodmanOptions:
    """How to call podman; None leaves podman's own choice."""

    runtime: str | None = None
    cgroup_manager: str | None = None

    def arguments(self) -> list[str]:
        """The global options, to stand before podman's subcommand."""
        arguments = []
        if self.runtime is not None:
            arguments += ["--runtime", self.runtime]
        if self.cgroup_manager is not None:
            arguments += ["--cgroup-manager", self.cgroup_manager]
        return arguments


def working_options(podman: str, runtime_dir: Path) -> PodmanOptions:
    """Options with which containers start, remembered in `runtime_dir` until the next boot.

    Raises `ProvisioningError` with what was tried where none work.
    """
    memory = runtime_dir / _MEMORY_FILE
    machine = _machine(podman)
    remembered = _recall(memory, machine)
    if remembered is not None:
        return remembered
    options = _first_that_works(podman)
    memory.write_text(json.dumps({"machine": machine, "options": asdict(options)}))
    return options


def forget_options(runtime_dir: Path) -> None:
    """Try again next time."""
    (runtime_dir / _MEMORY_FILE).unlink(missing_ok=True)


def trial_command(
    podman: str, *, options: PodmanOptions, limits: HostLimits, root: Path
) -> list[str]:
    """The command line of one trial."""
    return [
        podman,
        *options.arguments(),
        *("run", "--rm", "--network", "none", "--user", "1000:100", "--cap-drop", "all"),
        *("--memory", "64m", "--cpus", "0.5"),
        *("--ulimit", f"nofile={limits.open_files}:{limits.open_files}"),
        *("--ulimit", f"nproc={limits.processes}:{limits.processes}"),
        *("--rootfs", str(root), _PROGRAM),
    ]


def _recall(memory: Path, machine: str) -> PodmanOptions | None:
    try:
        content = json.loads(memory.read_text())
        if content["machine"] == machine:
            return PodmanOptions(**content["options"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing or damaged: the trial is cheap
    return None


def _machine(podman: str) -> str:
    """Changes whenever a remembered result may be wrong: after a boot or an installation."""
    programs = [shutil.which(name) for name in (podman, *_RUNTIMES)]
    parts = [f"{path}:{Path(path).stat().st_mtime_ns}" for path in programs if path is not None]
    return " ".join([_BOOT_ID.read_text().strip(), *parts])


def _first_that_works(podman: str) -> PodmanOptions:
    failures = []
    for options in _candidates():
        failure = _try(podman, options)
        if failure is None:
            return options
        called = " ".join(["podman", *options.arguments()])
        failures.append(f"\n  - {called}: {failure}")
    raise ProvisioningError(
        f"podman is installed, but starts no container here. Tried:{''.join(failures)}\n"
        "Make `podman run` work for this user, or install Docker."
    )


def _candidates() -> Iterator[PodmanOptions]:
    yield PodmanOptions()
    for runtime in filter(shutil.which, _RUNTIMES):
        for cgroup_manager in ("systemd", "cgroupfs"):
            yield PodmanOptions(runtime=runtime, cgroup_manager=cgroup_manager)


def _try(podman: str, options: PodmanOptions) -> str | None:
    """Why containers do not start with these options; None where they do."""
    with tempfile.TemporaryDirectory(prefix="orquestra-trial-") as root:
        Path(root).chmod(0o755)  # the container's user has to see that it is empty
        command = trial_command(podman, options=options, limits=read_host_limits(), root=Path(root))
        try:
            trial = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                timeout=_PATIENCE.total_seconds(),
            )
        except subprocess.TimeoutExpired:
            return f"no result within {_PATIENCE.seconds} s"
    if trial.returncode == _NOT_FOUND and _PROGRAM in trial.stderr:
        return None
    return (trial.stderr.strip().splitlines() or [f"exit status {trial.returncode}"])[-1]
