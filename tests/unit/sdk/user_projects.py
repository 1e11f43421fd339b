"""Projects of users on disk for tests, imported as their programs would import them."""

import contextlib
import importlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by their paths below a folder."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def imported(folder: Path, name: str) -> Iterator[ModuleType]:
    """A module of a project, which is on the path meanwhile; it is forgotten afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(name)
    finally:
        for new in [new for new in set(sys.modules) - before if _is_below(folder, new)]:
            del sys.modules[new]
        sys.path.remove(str(folder))


def run(folder: Path, code: str, *, arguments: tuple[str, ...] = ()) -> str:
    """What a program prints that runs in a folder, as `python -c`."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _is_below(folder: Path, module: str) -> bool:
    found = sys.modules[module]
    places = [getattr(found, "__file__", None), *getattr(found, "__path__", ())]
    return any(place and str(place).startswith(str(folder)) for place in places)
