import importlib
import subprocess
import sys
import threading
from pathlib import Path

import cloudpickle
import pytest

from orquestra import sdk
from orquestra.sdk.code.functions import (
    encode_function,
    load_function,
    module_reference,
    named_reference,
)
from orquestra.sdk.exceptions import InvalidTaskDefinitionError, WorkflowSyntaxError
from orquestra.sdk.schema import ir
from orquestra.sdk.values import to_chunks


def inline(fn):
    return ir.InlineFunctionRef(function_name=fn.__name__, encoded_function=encode_function(fn))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder on the import path; what is imported from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_a_function_brings_the_helpers_and_classes_of_its_own_module(project, monkeypatch):
    # given a module with a helper, a class and a task
    (project / "workshop.py").write_text(
        "import orquestra.sdk as sdk\n"
        "class Tool:\n"
        "    weight = 3\n"
        "def helper(x):\n"
        "    return x + Tool.weight\n"
        "@sdk.task\n"
        "def work(x):\n"
        "    return helper(x)\n"
    )
    ref = inline(importlib.import_module("workshop").work.__wrapped__)

    # when the module does not exist where the function is loaded
    (project / "workshop.py").unlink()
    monkeypatch.delitem(sys.modules, "workshop")

    # then it works all the same
    assert load_function(ref)(4) == 7


def test_encoding_leaves_no_module_marked_for_pickling_by_value():
    encode_function(inline)

    assert cloudpickle.list_registry_pickle_by_value() == set()


def test_a_function_of_the_main_program_can_be_sent(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import orquestra.sdk as sdk\n"
        "from orquestra.sdk.code.functions import encode_function\n"
        "FACTOR = 5\n"
        "@sdk.task\n"
        "def times(x):\n"
        "    return FACTOR * x\n"
        "print(''.join(encode_function(times.__wrapped__)))\n"
    )

    text = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True
    ).stdout

    assert (
        load_function(ir.InlineFunctionRef(function_name="times", encoded_function=[text]))(2) == 10
    )


@sdk.task
def factorial(n):
    return 1 if n == 0 else n * factorial(n - 1)


@sdk.task
def double_factorial(n):
    return 2 * factorial(n)


@pytest.mark.parametrize(("task", "result"), [(factorial, 24), (double_factorial, 48)])
def test_inside_sent_code_a_task_is_its_plain_function(task, result):
    assert load_function(inline(task.__wrapped__))(4) == result


LOCK = threading.Lock()


def helper():
    return shared_helper() or helper()


def shared_helper():
    return helper() if LOCK.locked() else None


def test_code_that_cannot_be_pickled_is_named_with_its_place_and_a_way_out():
    lock = threading.Lock()

    def guarded():
        return lock

    with pytest.raises(
        WorkflowSyntaxError,
        match=r"(?s)test_functions\.py:\d+: def guarded.*`guarded`.*because of `lock`:.*inside",
    ):
        encode_function(guarded)


def test_what_helpers_use_is_named_too():
    def with_helper():
        return helper()

    with pytest.raises(
        WorkflowSyntaxError, match="`helper`, which uses `shared_helper`, which uses `LOCK`:"
    ):
        encode_function(with_helper)


def test_a_default_that_cannot_be_pickled_is_named():
    def guarded(key=None, lock=threading.Lock()):  # noqa: B008
        return key, lock

    with pytest.raises(WorkflowSyntaxError, match="because of `lock`"):
        encode_function(guarded)


def test_code_that_was_run_by_exec_has_a_name():
    variables = {}
    exec("def made():\n    return 42\n", variables)

    assert named_reference(variables["made"]).module == "__main__"
    assert load_function(inline(variables["made"]))() == 42


@pytest.fixture
def package(project):
    """A package with a part that cannot travel as it is."""
    (project / "locked").mkdir()
    (project / "locked" / "part.py").write_text(
        "import threading\nLOCK = threading.Lock()\ndef value():\n    return 3\nclass Part: ...\n"
    )
    (project / "locked" / "__init__.py").write_text(
        "import sys, threading\n"
        "import locked.part\n"
        "from locked import part\n"
        "from locked.part import Part, value\n"
        "LOCK = threading.Lock()\n"
        "FACTOR = 5\n"
        "me = sys.modules[__name__]\n"
        "def by_name():\n    return value() if isinstance(Part(), part.Part) else None\n"
        "def by_module():\n    return part.value()\n"
        "def by_package():\n    return locked.part.value()\n"
        "def by_itself():\n    return me.FACTOR\n"
        "def inside():\n    from .part import value\n    return value()\n"
    )
    return importlib.import_module("locked")


@pytest.mark.parametrize(
    ("name", "result"),
    [("by_name", 3), ("by_module", 3), ("by_package", 3), ("by_itself", 5), ("inside", 3)],
)
def test_modules_travel_by_their_names(package, name, result):
    assert load_function(inline(getattr(package, name)))() == result


def test_code_that_uses_a_result_from_outside_is_told_to_take_it_as_an_argument():
    result = factorial(3)

    def plus_one():
        return result + 1

    with pytest.raises(
        WorkflowSyntaxError,
        match=r"(?s)test_functions\.py:\d+.*`plus_one`.*result of task `factorial`.*an argument\.$",
    ):
        encode_function(plus_one)


class TaskOfAnotherRelease:
    def __init__(self, fn):
        self._TaskDef__sdk_task_body = fn


def test_a_task_of_release_1_1_is_unwrapped():
    pickled = cloudpickle.dumps(TaskOfAnotherRelease(len))
    ref = ir.InlineFunctionRef(function_name="len", encoded_function=to_chunks(pickled))

    assert load_function(ref) is len


def test_a_module_reference_finds_a_decorated_function(project):
    (project / "parts.py").write_text(
        "import orquestra.sdk as sdk\n@sdk.task\ndef part():\n    return 'wheel'\n"
    )

    ref = ir.ModuleFunctionRef(module="parts", function_name="part")

    assert load_function(ref)() == "wheel"


def test_a_file_reference_runs_the_file(tmp_path):
    file = tmp_path / "single.py"
    file.write_text("def answer():\n    return 42\n")

    ref = ir.FileFunctionRef(file_path=str(file), function_name="answer")

    assert load_function(ref)() == 42


def test_a_missing_module_is_named_with_all_cures(project):
    (project / "needy.py").write_text("import package_that_is_not_there\n")
    ref = ir.ModuleFunctionRef(module="needy", function_name="anything")

    with pytest.raises(
        InvalidTaskDefinitionError,
        match=r"image that has 'package_that_is_not_there'.*imports.*travel along",
    ):
        load_function(ref)


def test_a_pickle_that_cannot_be_read_is_an_error_of_the_definition():
    ref = ir.InlineFunctionRef(function_name="broken", encoded_function=to_chunks(b"nonsense"))

    with pytest.raises(InvalidTaskDefinitionError, match=r"`broken`.*version of Python"):
        load_function(ref)


def test_a_function_can_be_named_with_its_place(project, monkeypatch):
    monkeypatch.chdir(project)
    (project / "parts.py").write_text("x = 1\ndef part():\n    return 'wheel'\n")

    ref = module_reference(importlib.import_module("parts").part, owner="Task `part`")

    assert ref == ir.ModuleFunctionRef(
        module="parts", function_name="part", file_path="parts.py", line_number=2
    )
    assert load_function(ref)() == "wheel"


def test_a_static_method_is_named_with_its_class():
    ref = module_reference(Path.cwd, owner="Task `cwd`")

    assert (ref.module, ref.function_name) == ("pathlib", "Path.cwd")


def test_a_function_that_cannot_be_imported_by_name_is_refused():
    def inner():
        return 1

    for fn in (inner, lambda: 1):
        with pytest.raises(
            InvalidTaskDefinitionError, match=r"^It is written inside.*InlineImport"
        ):
            module_reference(fn, owner="It")


def test_a_function_of_the_main_program_is_refused():
    def in_main():
        return 1

    in_main.__module__ = "__main__"

    with pytest.raises(InvalidTaskDefinitionError, match=r"^It is written in the main program"):
        module_reference(in_main, owner="It")
