"""Ours: the local runtime, `orq up`, through the SDK as a user calls it.

The clock of a job runs from the submission of a traced definition until its result is here; what
tracing costs is a benchmark of its own.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.systems.contract import Job
from benchmarks.tracing import trace
from benchmarks.works import Work
from orquestra.sdk.runs.workflow_runs import WorkflowRun

ORQ = str(Path(sys.executable).with_name("orq"))
CONFIG = "local"


class LocalRuntime:
    """The runtime of this user, reached by its name."""

    def prepare(self, work: Work) -> Job:
        """The definition of the work."""
        definition = trace(work.graph).model
        return lambda: WorkflowRun.start_from_ir(definition, CONFIG).get_results(wait=True)


@contextmanager
def start() -> Iterator[LocalRuntime]:
    """A local runtime with a data folder of its own."""
    with running():
        yield LocalRuntime()


@contextmanager
def running() -> Iterator[Path]:
    """A local runtime that is up; gives its data folder, which is gone at the end."""
    with data_folder() as folder:
        try:
            orq("up")
            yield folder
        finally:
            orq("down")


@contextmanager
def data_folder() -> Iterator[Path]:
    """A new data folder, which this process and its children take for the user's."""
    with tempfile.TemporaryDirectory(prefix="orq-bench-") as folder:
        before = dict(os.environ)
        os.environ["ORQ_LOCAL_DATA"] = str(Path(folder) / "data")
        os.environ["ORQ_CONFIG_PATH"] = str(Path(folder) / "config.json")
        try:
            yield Path(folder) / "data"
        finally:
            os.environ.clear()
            os.environ.update(before)


def orq(*arguments: str) -> Any:
    """Run the command line; what it said is in the error if it fails."""
    done = subprocess.run([ORQ, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"`orq {' '.join(arguments)}` failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout
