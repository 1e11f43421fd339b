"""Each run has its own copy of the user's modules."""

import importlib
import sys

import pytest

from orquestra.executor.run_modules import RunModules


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """Writes the module `helper_of_test`, which gives a number."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(number):
        (tmp_path / "helper_of_test.py").write_text(f"NUMBER = {number}\n")

    yield write
    sys.modules.pop("helper_of_test", None)


def number():
    return importlib.import_module("helper_of_test").NUMBER


def test_a_module_that_was_edited_between_runs_is_read_anew(helper):
    modules = RunModules()
    helper(1)
    modules.switch("run-1")
    assert number() == 1

    helper(2)
    modules.switch("run-2")

    assert number() == 2


def test_a_run_that_goes_on_finds_its_own_modules_again(helper):
    modules = RunModules()
    helper(1)
    modules.switch("run-1")
    first = importlib.import_module("helper_of_test")
    helper(2)
    modules.switch("run-2")
    number()

    modules.switch("run-1")

    assert importlib.import_module("helper_of_test") is first


def test_a_run_that_is_over_leaves_no_module(helper):
    modules = RunModules()
    helper(1)
    modules.switch("run-1")
    number()

    modules.forget("run-1")

    assert "helper_of_test" not in sys.modules


def test_libraries_are_shared_by_all_runs():
    sys.modules.pop("this", None)
    modules = RunModules()
    modules.switch("run-1")
    library = importlib.import_module("wsgiref.util")
    modules._shared -= {"wsgiref", "wsgiref.util", "numpy"}

    modules.switch("run-2")

    assert sys.modules["wsgiref.util"] is library
