"""The container engine of this machine, as a Compute Engine would find and use it."""

from collections.abc import Iterator, Sequence

from orquestra.cli.doctor.findings import Finding, note, ok
from orquestra.cli.engine.machine_checks import Containers, Machine, look
from orquestra.cli.failures import Failure

_SUBJECT = "Containers"
_ENOUGH_FILES = 65_536  # what Ray asks for

_WITHOUT = (
    "Install Docker or podman, if tasks are to run in containers of this machine. Workflows on "
    "Compute Engines elsewhere need none."
)
_DELEGATE = (
    "Rootless: have systemd delegate the controllers `cpu` and `memory` to this user (rootless "
    "containers' guide to cgroups v2). Else switch them on in the kernel's options."
)
_RAISE = "Raise the hard limit on open files (`ulimit -Hn`, /etc/security/limits.conf)."
_BUILD = (
    "`make images` in Orquestra's sources builds it; it is needed by tasks in containers of this "
    "machine."
)


def check() -> Sequence[Finding]:
    """Whether containers can be started here, and what the machine offers them."""
    try:
        machine = look()
    except Failure as failure:  # the engine's packages are not installed
        return [note(_SUBJECT, f"not looked at: {failure.message}", fix=failure.hint)]
    return list(_findings(machine))


def _findings(machine: Machine) -> Iterator[Finding]:
    gpus = f"{machine.gpus} GPU{'' if machine.gpus == 1 else 's'}" if machine.gpus else "no GPU"
    yield ok("Machine", f"{machine.cpus:g} CPU, {machine.memory / 2**30:.3g} GiB, {gpus}")
    if machine.containers is None:
        yield note(_SUBJECT, machine.trouble or "none", fix=_WITHOUT)
    else:
        yield from _engine(machine, machine.containers)


def _engine(machine: Machine, engine: Containers) -> Iterator[Finding]:
    rootless = ", rootless" if engine.is_rootless else ""
    place = f"at {engine.url}" if engine.url else "started by engines that need it"
    yield ok(_SUBJECT, f"{engine.kind} {engine.version}{rootless}, {place}")
    if engine.missing_limits:
        text = f"{engine.kind} cannot limit the {' and the '.join(engine.missing_limits)} of tasks"
        yield note(_SUBJECT, text, fix=_DELEGATE)
    if machine.open_files < _ENOUGH_FILES:
        text = f"they may open {machine.open_files} files only, where Ray asks for {_ENOUGH_FILES}"
        yield note(_SUBJECT, text, fix=_RAISE)
    if engine.base_image_present:
        yield ok("Base image", machine.base_image)
    else:
        text = f"{machine.base_image} is not on this machine"
        yield note("Base image", text, fix=_BUILD)
