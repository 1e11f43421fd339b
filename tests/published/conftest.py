import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.published.environment import published_python, run_script
from tests.published.random_programs import write_random_programs

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """A folder with all programs, the random ones too."""
    folder = tmp_path_factory.mktemp("programs")
    shutil.copytree(FOLDER / "programs", folder, dirs_exist_ok=True)
    write_random_programs(folder, programs=300)
    return folder


@pytest.fixture(scope="session")
def outcomes(programs, tmp_path_factory):
    """What both clients make of all programs, and what the published one reads of ours."""
    folder = tmp_path_factory.mktemp("definitions")
    ours, theirs = folder / "ours.json", folder / "theirs.json"
    script = FOLDER / "build_definitions.py"
    run_script(sys.executable, script, ours, cwd=programs)
    run_script(published_python(), script, theirs, ours, cwd=programs)
    return {"ours": json.loads(ours.read_text()), "theirs": json.loads(theirs.read_text())}
