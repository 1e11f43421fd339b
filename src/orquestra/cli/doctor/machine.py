"""What else of this machine matters: the local runtime, disk space, Graphviz."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from orquestra.cli.doctor.findings import Finding, note, ok, problem
from orquestra.cli.services import readiness
from orquestra.cli.services.starting import log_path
from orquestra.sdk.configuration import local_engine
from orquestra.sdk.packaging import get_installed_version
from orquestra.sdk.versions import SDK_DISTRIBUTION

_GIBIBYTE = 2**30
_LITTLE_SPACE = 5 * _GIBIBYTE
_NO_SPACE = _GIBIBYTE


def check_local_runtime() -> Sequence[Finding]:
    """Whether it runs, answers, and is of this release."""
    subject, data = "Local runtime", local_engine.data_folder()
    file = local_engine.find(data)
    if file is None:
        pid = local_engine.holder(data)
        if pid is None:
            return [note(subject, "not running", fix="orq up")]
        text = f"process {pid} does not answer; its log is {log_path(data)}"
        return [problem(subject, text, fix="orq restart")]
    found = [ok(subject, f"running at {file.url}, release {file.version}")]
    trouble = readiness.ask(file).trouble
    if trouble:
        found.append(problem(subject, trouble, fix=f"Its log says more: {log_path(data)}"))
    if file.version != get_installed_version(SDK_DISTRIBUTION):
        text = f"it is of release {file.version}, not of the one that is installed"
        found.append(problem(subject, text, fix="orq restart"))
    return found


def check_disk(folder: Path | None = None) -> Sequence[Finding]:
    """Whether there is room for results, logs and environments."""
    folder = folder or local_engine.data_folder()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    text = f"{free / _GIBIBYTE:.1f} GiB free in {folder}"
    fix = "Make room; ORQ_LOCAL_DATA puts the data of the local runtime elsewhere."
    if free < _NO_SPACE:
        return [problem("Disk", text, fix=fix)]
    if free < _LITTLE_SPACE:
        return [note("Disk", text, fix=fix)]
    return [ok("Disk", text)]


def check_graphviz() -> Sequence[Finding]:
    """Whether workflows can be drawn."""
    place = shutil.which("dot")
    if place is not None:
        return [ok("Graphviz", place)]
    text = "its program `dot`, with which `orq wf graph` draws, is not installed"
    fix = "apt install graphviz, or brew install graphviz"
    return [note("Graphviz", text, fix=fix)]
