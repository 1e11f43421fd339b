"""Local modules of definitions that this process has not, or has otherwise."""

import sys
from types import ModuleType

from orquestra import sdk
from tests.unit.sdk import user_projects

FLOW = (
    "import orquestra.sdk as sdk\n"
    "import lonely_package.helper\n"
    "import lonely_caller\n"
    "@sdk.task\n"
    "def task():\n"
    "    return lonely_package.helper.number(), lonely_caller.number()\n"
    "@sdk.workflow\n"
    "def wf():\n    return task()\n"
)
NAMES = ["lonely_caller", "lonely_package", "lonely_package.helper"]


def definition(folder, number):
    files = {
        "lonely_flow.py": FLOW,
        "lonely_package/__init__.py": "",
        "lonely_package/helper.py": f"def number():\n    return {number}\n",
        "lonely_caller.py": "from lonely_package.helper import number\n",
    }
    user_projects.write(folder, files)
    with user_projects.imported(folder, "lonely_flow") as module:
        return module.wf().model


def result(model):
    return sdk.WorkflowRun.start_from_ir(model, "in_process").get_results()


def test_modules_that_travel_are_there_where_the_process_has_none(tmp_path):
    model = definition(tmp_path, 42)
    path = list(sys.path)

    assert result(model) == (42, 42)
    assert sys.path == path
    assert not sys.modules.keys() & set(NAMES)
    assert not [place for place in sys.path_importer_cache if "orquestra-sources-" in place]


def test_two_definitions_have_each_their_own_modules_of_one_name(tmp_path):
    models = [definition(tmp_path / str(number), number) for number in (1, 22)]

    assert [result(model) for model in models] == [(1, 1), (22, 22)]


def test_other_modules_of_the_process_are_put_aside_for_as_long(tmp_path, monkeypatch):
    model = definition(tmp_path, 3)
    others = {name: ModuleType(name) for name in NAMES}
    for name, other in others.items():
        monkeypatch.setitem(sys.modules, name, other)

    assert result(model) == (3, 3)
    assert {name: sys.modules[name] for name in NAMES} == others


def test_modules_with_the_same_text_stay_what_the_program_has_made_of_them(tmp_path, monkeypatch):
    model = definition(tmp_path, 4)
    with user_projects.imported(tmp_path, "lonely_flow") as module:
        monkeypatch.setattr(module.lonely_package.helper, "number", lambda: "patched")

        assert result(model) == ("patched", 4)


def test_a_module_that_was_changed_since_is_as_it_was_for_the_definition(tmp_path):
    old = definition(tmp_path, 5)
    definition(tmp_path, 66)
    with user_projects.imported(tmp_path, "lonely_flow"):
        assert result(old) == (5, 5)
