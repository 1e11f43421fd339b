import json
import sys

import pytest

from orquestra.cli.failures import Failure
from orquestra.cli.workflow.loading import load


@pytest.mark.parametrize(
    ("file", "module", "name"),
    [
        ("lab/flows.py", "lab.flows", "lab.flows"),
        ("flows.py", "flows.py", "flows"),
        ("lab/flows.py", "lab/flows.py", "lab.flows"),
        ("lab/flows.py", "./lab/flows.py", "lab.flows"),
        ("lab/flows.py", "lab/flows", "lab.flows"),
        ("lab/__init__.py", "lab/", "lab"),
        ("src/lab/flows.py", "src/lab/flows.py", "lab.flows"),
        ("my.flow.py", "my.flow.py", "my_flow"),
        ("lab-2/flows.py", "lab-2/flows.py", "flows"),
        ("../flows.py", "../flows.py", "flows"),
    ],
)
def test_a_module_is_given_by_dots_or_by_its_path(project, file, module, name):
    _write(project / file, "here = __file__")

    loaded = load(module)

    assert (project / file).samefile(loaded.here)
    assert loaded.__name__ == name
    assert sys.modules[name] is loaded


def test_an_absolute_path_may_lead_anywhere(project, tmp_path):
    _write(project / "lab" / "flows.py", "")
    _write(tmp_path / "elsewhere" / "flows.py", "")

    assert load(str(project / "lab" / "flows.py")).__name__ == "lab.flows"
    assert load(str(tmp_path / "elsewhere" / "flows.py")).__name__ == "flows"


@pytest.mark.parametrize("folder", ["project/lab", "elsewhere"])
def test_a_file_finds_the_modules_beside_it(project, tmp_path, folder):
    _write(tmp_path / folder / "strengths.py", "alpha = 0.1")
    _write(tmp_path / folder / "flows.py", "from strengths import alpha")

    assert load(str(tmp_path / folder / "flows.py")).alpha == 0.1


def test_a_file_named_like_a_module_of_python_is_the_one_that_is_loaded(project):
    _write(project / "json.py", "mine = True")

    assert load("json.py").mine
    assert sys.modules["json"] is json


@pytest.mark.parametrize("name", ["time", "abc", "os", "sys"])
def test_a_file_named_like_a_part_of_python_itself_is_the_one_that_is_loaded(project, name):
    _write(project / f"{name}.py", "mine = True")
    own = sys.modules[name]

    assert load(f"{name}.py").mine
    assert sys.modules[name] is own


@pytest.mark.parametrize("module", ["ends", "ends.py"])
def test_a_module_that_ends_the_program_is_told_how_not_to(project, module):
    _write(project / "ends.py", "import sys\n\nsys.exit()\n")

    with pytest.raises(Failure, match="ends the program when it is imported") as caught:
        load(module)

    assert caught.value.exit_code == 7
    assert 'if __name__ == "__main__":' in caught.value.hint
    assert caught.value.details == [f"  at {project}/ends.py:3 in <module>"]


def test_a_missing_file_is_told_as_such(project):
    with pytest.raises(Failure) as caught:
        load("lab/flows.py")

    assert caught.value.message == f"there is no file {project}/lab/flows.py"
    assert caught.value.exit_code == 7


@pytest.mark.parametrize("module", ["", ".", "..", ".flows", "flows.", "lab..flows"])
def test_what_is_no_dotted_name_is_told_as_such(project, module):
    _write(project / "flows.py", "")

    with pytest.raises(Failure, match="is not the name of a module") as caught:
        load(module)

    assert caught.value.exit_code == 7
    assert "path of a Python file" in caught.value.hint


@pytest.mark.parametrize("module", ["flows.py:total", "flows:total", "./flows.py:total"])
def test_a_workflow_is_not_named_behind_a_colon(project, module):
    _write(project / "flows.py", "")

    with pytest.raises(Failure) as caught:
        load(module)

    assert caught.value.exit_code == 7
    assert "give MODULE and NAME apart" in caught.value.hint


def test_a_file_whose_name_is_no_name_in_python_is_found_without_its_ending(project):
    _write(project / "my-flows.py", "mine = True")

    assert load("my-flows").mine


@pytest.mark.parametrize("module", ["flows_broken", "flows_broken.py", "../outside.py"])
def test_an_import_that_fails_says_where_in_the_users_file(project, module):
    for file in ("flows_broken.py", "../outside.py"):
        _write(project / file, "\nimport not_installed_anywhere\n")
    broken = project.parent / "outside.py" if "outside" in module else project / "flows_broken.py"

    with pytest.raises(Failure, match="not_installed_anywhere") as caught:
        load(module)

    assert caught.value.exit_code == 7
    assert caught.value.details == [f"  at {broken}:2 in <module>"]


def test_a_package_that_fails_says_what_it_lacks(project):
    _write(project / "lab" / "__init__.py", "import not_installed_anywhere")
    _write(project / "lab" / "flows.py", "")

    with pytest.raises(Failure, match="not_installed_anywhere"):
        load("lab/flows.py")


def _write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
