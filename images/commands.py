"""Programs that the build calls: run at low priority, their output kept for the error message."""

import shutil
import subprocess
from collections.abc import Sequence

from images.errors import BuildError

_SHOWN_LINES = 30


def run(command: Sequence[str], *, failure: str) -> str:
    """Run a program and return what it wrote to standard output.

    Raises:
        BuildError: it failed; the message is `failure` with the last lines that it wrote.
    """
    polite = ("nice", "-n", "10") if shutil.which("nice") else ()
    try:
        done = subprocess.run(
            [*polite, *command], capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise BuildError(f"{failure} {command[0]} could not be started: {error}.") from error
    if done.returncode != 0:
        written = f"{done.stdout}\n{done.stderr}".strip().splitlines()[-_SHOWN_LINES:]
        raise BuildError("\n".join([f"{failure} It ended with:", *written]))
    return done.stdout
