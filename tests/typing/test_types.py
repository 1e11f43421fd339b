"""Programs of `cases`, checked by mypy and pyright as those of users are, in their strictest modes.

What has to check says its types with `assert_type`. A line that must not check ends with the codes
that the two give it: `# mypy: arg-type, pyright: reportArgumentType`. No other line may have any.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.running_engine import ROOT

CASES = Path(__file__).parent / "cases"
NAMES = sorted(file.name for file in CASES.glob("*.py"))

_MARK = re.compile(r"# mypy: (?P<mypy>[\w, -]+?), pyright: (?P<pyright>[\w, ]+)$")
_MYPY_LINE = re.compile(r"(?P<file>.+?):(?P<line>\d+): error: .* \[(?P<code>[\w-]+)\]")


@pytest.fixture(scope="module")
def mypy_found():
    """What mypy says: codes by file and line."""
    cache = ROOT / ".mypy_cache" / "cases"
    command = ["mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "--no-pretty"]
    found = defaultdict(set)
    for line in _output_of(command).splitlines():
        if match := _MYPY_LINE.fullmatch(line):
            found[Path(match["file"]).name, int(match["line"])].add(match["code"])
    return found


@pytest.fixture(scope="module")
def pyright_found():
    """What pyright says: codes by file and line. The files ask for its strict mode themselves."""
    command = ["pyright", "--outputjson", f"--pythonpath={sys.executable}"]
    found = defaultdict(set)
    for diagnostic in json.loads(_output_of(command))["generalDiagnostics"]:
        line = diagnostic["range"]["start"]["line"] + 1
        found[Path(diagnostic["file"]).name, line].add(diagnostic.get("rule", "syntax"))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_mypy_accepts_and_refuses_what_is_marked(name, mypy_found):
    assert _of_file(mypy_found, name) == _marked(name, checker="mypy")


@pytest.mark.parametrize("name", NAMES)
def test_pyright_accepts_and_refuses_what_is_marked(name, pyright_found):
    assert _of_file(pyright_found, name) == _marked(name, checker="pyright")


@pytest.mark.parametrize("name", NAMES)
def test_each_file_has_uses_that_must_fail(name):
    assert _marked(name, checker="mypy")


def _output_of(command):
    command = [sys.executable, "-m", *command, str(CASES)]
    done = subprocess.run(command, cwd=CASES, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def _of_file(found, name):
    return {line: codes for (file, line), codes in found.items() if file == name}


def _marked(name, *, checker):
    marked = {}
    for number, line in enumerate((CASES / name).read_text().splitlines(), start=1):
        if match := _MARK.search(line):
            marked[number] = set(match[checker].split(", "))
    return marked
