"""The published client 1.1.0, installed from the package index into an environment of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.running_engine import ROOT

ENVIRONMENT = ROOT / ".cache" / "published-1.1.0"
REQUIREMENTS = (
    "orquestra-sdk[all]==1.1.0",
    "numpy<2",  # its own requirements name no upper bounds, and break with what came later
    "pandas<2.3",
    "setuptools<80",
)


def published_python() -> Path:
    """The interpreter that has the published client; installs it the first time.

    The environment is of this Python's version, so that both clients say the same of it. A marker
    written last makes an interrupted installation be repeated.
    """
    python = ENVIRONMENT / "bin" / "python"
    complete = ENVIRONMENT / "complete"
    contents = "\n".join([sys.version, *REQUIREMENTS])
    if not complete.exists() or complete.read_text() != contents:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(ENVIRONMENT)])
        _run([*_installer(python), *REQUIREMENTS])
        complete.write_text(contents)
    return python


def _installer(python: Path) -> list[str]:
    if shutil.which("uv"):
        return ["uv", "pip", "install", "--quiet", "--python", str(python)]
    return [str(python), "-m", "pip", "install", "--disable-pip-version-check"]


def run_script(python: Path | str, script: Path, *arguments: Path | str, cwd: Path) -> None:
    """Run a script in an environment; it leaves no files of compiled code behind."""
    _run([str(python), "-B", str(script), *map(str, arguments)], cwd=cwd)


def _run(command: list[str], cwd: Path = ROOT) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise AssertionError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
