"""Pickles of users' own classes and functions go from each client to the other."""

import json
import sys

import pytest

from tests.published.conftest import FOLDER
from tests.published.environment import published_python, run_script


@pytest.fixture(scope="session")
def interpreters():
    return {"ours": sys.executable, "theirs": published_python()}


@pytest.mark.parametrize(("writer", "reader"), [("ours", "theirs"), ("theirs", "ours")])
def test_values_pickled_by_one_client_are_the_same_to_the_other(
    interpreters, tmp_path, writer, reader
):
    script = FOLDER / "exchange_values.py"
    pickles, found = tmp_path / "pickles.json", tmp_path / "found.json"

    run_script(interpreters[writer], script, "write", pickles, cwd=tmp_path)
    run_script(interpreters[reader], script, "read", pickles, found, cwd=tmp_path)

    said = {name: told for name, (_, told) in json.loads(pickles.read_text()).items()}
    assert len(said) > 15
    assert json.loads(found.read_text()) == said
