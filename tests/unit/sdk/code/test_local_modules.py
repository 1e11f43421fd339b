import json
import subprocess
import sys
import types

import pytest

from orquestra import sdk
from orquestra.sdk.code import local_modules
from orquestra.sdk.code.imports import GitImport, LocalImport
from orquestra.sdk.code.local_modules import source_files
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.tracing.task_library import TaskLibrary
from tests.unit.sdk.user_projects import imported, run, write

TASK = "def task():\n    return 1\n"


@pytest.fixture
def files_of(tmp_path):
    """The paths of what travels with `task` of a module; the files are written before."""

    def find(files, module="wf", folder=tmp_path):
        write(folder, files)
        with imported(folder, module) as found:
            return list(source_files([found.task]))

    return find


@pytest.mark.parametrize(
    ("text", "others", "expected"),
    [
        (TASK, {"helpers.py": ""}, []),
        ("import helpers\n" + TASK, {"helpers.py": ""}, ["helpers.py"]),
        ("from helpers import *\n" + TASK, {"helpers.py": ""}, ["helpers.py"]),
        ("def task():\n    import helpers\n", {"helpers.py": ""}, ["helpers.py"]),
        ("def f():\n    from helpers import x\n" + TASK, {"helpers.py": ""}, ["helpers.py"]),
        (
            "import a\n" + TASK,
            {"a.py": "import b\n", "b.py": "def f():\n    import c\n", "c.py": "", "d.py": ""},
            ["a.py", "b.py", "c.py"],
        ),
        (
            "import a\n" + TASK,
            {"a.py": "import b\n", "b.py": "import a, wf\n"},
            ["a.py", "b.py", "wf.py"],
        ),
        (
            "import pkg.part\n" + TASK,
            {
                "pkg/__init__.py": "from . import part\n",
                "pkg/part.py": "from .inner import deep\nimport other\n",
                "pkg/inner/__init__.py": "",
                "pkg/inner/deep.py": "",
                "pkg/unused.py": "import helpers\n",
                "pkg/data.csv": "1,2\n",
                "other.py": "",
                "helpers.py": "",
            },
            [
                "helpers.py",
                "other.py",
                "pkg/__init__.py",
                "pkg/inner/__init__.py",
                "pkg/inner/deep.py",
                "pkg/part.py",
                "pkg/unused.py",
            ],
        ),
        (
            "import space.part\n" + TASK,
            {"space/part.py": "", "space/other.py": ""},
            ["space/part.py"],
        ),
        (
            "from space.a import b\n" + TASK,
            {"space/a/b.py": "from . import c\n", "space/a/c.py": "", "space/a/d.py": ""},
            ["space/a/b.py", "space/a/c.py"],
        ),
        (
            "def task():\n    from space import whole, missing\n",
            {"space/whole/__init__.py": "", "space/whole/x.py": "", "space/part.py": ""},
            ["space/whole/__init__.py", "space/whole/x.py"],
        ),
        ("import space\n" + TASK, {"space/data.csv": "", "space/part.py": ""}, []),
        (
            "import importlib\nloaded = importlib.import_module('helpers')\n" + TASK,
            {"helpers.py": ""},
            ["helpers.py"],
        ),
        (
            "import importlib\nshape = importlib.import_module('helpers').Shape()\n" + TASK,
            {"helpers.py": "class Shape:\n    pass\n"},
            ["helpers.py"],
        ),
        ("def task():\n    import not_there\n", {}, []),
        ("import json, pytest, orquestra.sdk\n" + TASK, {}, []),
        ("import broken_in_part\n" + TASK, {"broken_in_part.py": "\n# é\n"}, ["broken_in_part.py"]),
    ],
)
def test_what_a_module_imports_travels(files_of, text, others, expected):
    assert files_of({"wf.py": text, **others}) == expected


def test_the_text_travels_as_it_is(tmp_path):
    text = "# é\r\nX = '''a\n'''\n"
    write(tmp_path, {"wf.py": "import helpers\n" + TASK})
    (tmp_path / "helpers.py").write_bytes(text.encode())

    with imported(tmp_path, "wf") as module:
        assert source_files([module.task]) == {"helpers.py": text}


def test_a_task_inside_of_a_package_brings_the_package_where_it_imports_from_it(files_of):
    package = {"pkg/__init__.py": "", "pkg/helpers.py": "", "pkg/sub/__init__.py": ""}

    assert files_of({**package, "pkg/sub/alone.py": TASK}, "pkg.sub.alone") == []
    assert files_of(
        {**package, "pkg/sub/wf.py": "from ..helpers import __name__ as x\n" + TASK}, "pkg.sub.wf"
    ) == [
        "pkg/__init__.py",
        "pkg/helpers.py",
        "pkg/sub/__init__.py",
        "pkg/sub/alone.py",
        "pkg/sub/wf.py",
    ]


def test_a_file_that_is_not_python_all_through_travels_without_its_imports(files_of):
    package = {"pkg/__init__.py": "", "pkg/template.py": "import {{ name }}\n"}

    assert files_of({"wf.py": "import pkg\n" + TASK, **package}) == list(package)


@pytest.mark.parametrize(
    "place",
    [
        "env/lib/python3.11/site-packages",
        "env/lib/python3/dist-packages",
        ".venv/somewhere",
    ],
)
def test_what_is_installed_below_the_root_stays(tmp_path, monkeypatch, place):
    write(tmp_path, {"wf.py": "import installed\n" + TASK, f"{place}/installed.py": ""})
    write(tmp_path, {".venv/pyvenv.cfg": ""})
    monkeypatch.syspath_prepend(tmp_path / place)

    with imported(tmp_path, "wf") as module:
        assert source_files([module.task]) == {}


def test_a_local_module_hides_an_installed_one_as_it_does_for_python(files_of):
    files = {"wf.py": "import docutils\n" + TASK, "docutils/__init__.py": "LOCAL = True\n"}

    assert files_of(files) == ["docutils/__init__.py"]


def test_an_installed_module_hides_a_folder_of_its_name_as_it_does_for_python(files_of):
    files = {"wf.py": "import hypothesis\n" + TASK, "hypothesis/notes.py": ""}

    assert files_of(files) == []


def test_a_module_of_a_second_folder_below_the_root_travels_under_its_name(tmp_path, monkeypatch):
    write(tmp_path, {"wf.py": "import helpers\n" + TASK, "lib/helpers.py": ""})
    monkeypatch.syspath_prepend(tmp_path / "lib")

    with imported(tmp_path, "wf") as module:
        assert list(source_files([module.task])) == ["helpers.py"]


def test_links_are_followed(tmp_path, files_of):
    project, shared = tmp_path / "project", tmp_path / "shared"
    write(shared, {"one.py": "", "pkg/__init__.py": "", "pkg/part.py": ""})
    project.mkdir()
    (project / "one.py").symlink_to(shared / "one.py")
    (project / "pkg").symlink_to(shared / "pkg")
    (shared / "pkg" / "around").symlink_to(shared / "pkg")

    files = files_of({"wf.py": "import one, pkg\n" + TASK}, folder=project)

    assert files == ["one.py", "pkg/__init__.py", "pkg/part.py"]


def test_a_root_behind_a_link_is_the_same_root(tmp_path):
    write(tmp_path / "real", {"wf.py": "import helpers\n" + TASK, "helpers.py": ""})
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with imported(tmp_path / "link", "wf") as module:
        assert list(source_files([module.task])) == ["helpers.py"]


def test_a_file_that_ran_under_another_name_finds_what_lies_beside_it(tmp_path, monkeypatch):
    write(tmp_path, {"my-workflow.py": "", "helpers.py": ""})
    module = types.ModuleType("my_workflow")
    module.__file__ = str(tmp_path / "my-workflow.py")
    (tmp_path / "my-workflow.py").write_text("import helpers\n" + TASK)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "my_workflow", module)
    exec((tmp_path / "my-workflow.py").read_text(), vars(module))
    del sys.modules["helpers"]

    assert list(source_files([module.task])) == ["helpers.py"]


NOTEBOOK = """
import json, sys
sys.path.insert(0, "")
import pkg.part as part
from one import function
from two import Thing
thing = Thing()
del Thing
def uses_three():
    import three
def task():
    return part, function, thing, uses_three
from orquestra.sdk.code.local_modules import source_files
print(json.dumps(list(source_files([task]))))
"""


def test_a_notebook_brings_the_modules_of_the_current_folder_that_it_has(tmp_path):
    write(
        tmp_path,
        {
            "one.py": "def function():\n    import four\n",
            "two.py": "class Thing:\n    pass\n",
            "three.py": "",
            "four.py": "",
            "five.py": "",
            "pkg/__init__.py": "",
            "pkg/part.py": "",
        },
    )

    expected = ["four.py", "one.py", "pkg/__init__.py", "pkg/part.py", "three.py", "two.py"]
    assert json.loads(run(tmp_path, NOTEBOOK)) == expected


SCRIPT = """
import helpers
from orquestra.sdk.code.local_modules import source_files
def task():
    return helpers
if __name__ == "__main__":
    print(*source_files([task]))
"""


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["s.py"], ["helpers.py", "s.py"]),
        (["-m", "s"], ["helpers.py", "s.py"]),
        (["-m", "pkg.inner"], ["helpers.py", "s.py"]),
    ],
)
def test_a_script_brings_what_lies_beside_it(tmp_path, command, expected):
    files = {"s.py": SCRIPT, "helpers.py": "import s\n"}
    write(tmp_path, {**files, "pkg/__init__.py": "", "pkg/inner.py": SCRIPT})

    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == expected


def test_what_is_too_large_is_refused_with_the_largest_file(files_of, monkeypatch):
    monkeypatch.setattr(local_modules, "MOST_BYTES", 100)
    files = {"wf.py": "import small, big\n" + TASK, "small.py": "", "big.py": "#" * 101}

    with pytest.raises(WorkflowSyntaxError, match=r"(?s)wf\.py:2: def task.*largest is big\.py"):
        files_of(files)
    assert local_modules.MOST_BYTES == 100


def test_the_most_that_travels_are_ten_mebibytes():
    assert local_modules.MOST_BYTES == 10 * 1024 * 1024


@pytest.mark.parametrize("other_task_first", [False, True])
def test_a_module_that_cannot_be_read_is_refused_with_the_task_that_imports_it(
    tmp_path, other_task_first
):
    write(tmp_path, {"wf.py": "\ndef task():\n    import latin\n", "other.py": TASK})
    (tmp_path / "latin.py").write_bytes("X = 'é'\n".encode("latin-1"))

    with imported(tmp_path, "wf") as module, imported(tmp_path, "other") as other:
        functions = [other.task, module.task] if other_task_first else [module.task]
        with pytest.raises(
            WorkflowSyntaxError, match=r"(?s)wf\.py:2: def task.*latin\.py.*encoding.*UTF-8"
        ):
            source_files(functions)


UNREADABLE = {"pkg/.#helpers.py": None, "pkg/gone.py": None, "pkg/tests/latin.py": b"X = '\xe9'\n"}


@pytest.mark.parametrize("path", UNREADABLE)
def test_what_nobody_imports_of_a_package_need_not_be_readable(tmp_path, path):
    write(tmp_path, {"wf.py": "import pkg\n" + TASK, "pkg/__init__.py": "", "pkg/tests/x.py": ""})
    data = UNREADABLE[path]
    if data is None:
        (tmp_path / path).symlink_to("nowhere")
    else:
        (tmp_path / path).write_bytes(data)

    with imported(tmp_path, "wf") as module:
        assert list(source_files([module.task])) == ["pkg/__init__.py", "pkg/tests/x.py"]


@pytest.mark.parametrize("statement", ["import pkg.latin", "from pkg.latin import X"])
def test_what_is_imported_of_a_package_must_be_readable(tmp_path, statement):
    write(tmp_path, {"wf.py": f"def task():\n    {statement}\n", "pkg/__init__.py": ""})
    (tmp_path / "pkg" / "latin.py").write_bytes(b"X = '\xe9'\n")

    with (
        imported(tmp_path, "wf") as module,
        pytest.raises(WorkflowSyntaxError, match=r"latin\.py.*cannot be sent"),
    ):
        source_files([module.task])


def test_of_a_package_that_is_too_large_only_what_is_imported_travels(files_of, monkeypatch):
    monkeypatch.setattr(local_modules, "MOST_BYTES", 100)
    files = {
        "wf.py": "import pkg.sub.part\n" + TASK,
        "pkg/__init__.py": "from . import base",
        "pkg/base.py": "import space.one",
        "pkg/sub/__init__.py": "",
        "pkg/sub/part.py": "from ..other import function",
        "pkg/other.py": "function = 1",
        "pkg/unused.py": "#" * 101,
        "space/one.py": "",
        "space/two.py": "",
    }

    assert files_of(files) == [
        "pkg/__init__.py",
        "pkg/base.py",
        "pkg/other.py",
        "pkg/sub/__init__.py",
        "pkg/sub/part.py",
        "space/one.py",
    ]


def test_a_module_that_has_changed_is_read_again(tmp_path):
    write(tmp_path, {"wf.py": "import helpers\n" + TASK, "helpers.py": "A = 1\n"})

    with imported(tmp_path, "wf") as module:
        before = source_files([module.task])
        write(tmp_path, {"helpers.py": "import more\n", "more.py": ""})

        assert before == {"helpers.py": "A = 1\n"}
        assert list(source_files([module.task])) == ["helpers.py", "more.py"]


def test_functions_that_python_does_not_write_bring_nothing():
    assert source_files([len, list, sdk.Resources]) == {}


def library_with(task, **defaults):
    defaults = {"default_source_import": None, "default_dependency_imports": None, **defaults}
    library = TaskLibrary(**defaults)
    library.add(task)
    return library


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (None, ["helpers.py"]),
        (sdk.InlineImport(), ["helpers.py"]),
        (LocalImport("wf"), ["helpers.py", "wf.py"]),
        (GitImport("https://example.com/a", "main"), []),
    ],
)
def test_where_code_comes_from_elsewhere_nothing_travels(tmp_path, source, expected):
    write(tmp_path, {"wf.py": "import helpers\n" + TASK, "helpers.py": ""})

    with imported(tmp_path, "wf") as module:
        given = library_with(sdk.task(module.task, source_import=source))
        default = library_with(sdk.task(module.task), default_source_import=source)

        assert list(given.source_files()) == list(default.source_files()) == expected


BUILD = """
import sys
from pathlib import Path
import wf
from orquestra.sdk.tracing.task_library import TaskLibrary
library = TaskLibrary(default_source_import=None, default_dependency_imports=None)
task = library.tasks[library.add(wf.train)]
target = Path(sys.argv[1])
for path, text in library.source_files().items():
    (target / path).parent.mkdir(parents=True, exist_ok=True)
    (target / path).write_text(text)
print(task.fn_ref.model_dump_json())
"""

LOAD = """
import sys
from orquestra.sdk.code.functions import load_function
from orquestra.sdk.schema import ir
print(load_function(ir.InlineFunctionRef.model_validate_json(sys.argv[1]))(5))
"""


def test_a_task_with_a_helper_and_a_package_works_where_only_these_are(tmp_path):
    # given a workflow that imports a module and a package beside it
    project, worker = tmp_path / "project", tmp_path / "worker"
    worker.mkdir()
    write(
        project,
        {
            "wf.py": "from orquestra import sdk\n"
            "import helpers\n"
            "from models import Linear\n"
            "FACTOR = 2\n"
            "@sdk.task\n"
            "def train(x):\n"
            "    from models.late import plus_one\n"
            "    return plus_one(helpers.twice(Linear(FACTOR)(x)))\n",
            "helpers.py": "def twice(x):\n    return 2 * x\n",
            "models/__init__.py": "from .linear import Linear\n",
            "models/linear.py": "class Linear:\n"
            "    def __init__(self, by):\n        self.by = by\n"
            "    def __call__(self, x):\n        return self.by * x\n",
            "models/late.py": "def plus_one(x):\n    return x + 1\n",
        },
    )

    # when the task is loaded in another process that has nothing but what travelled
    reference = run(project, BUILD, arguments=(str(worker),))
    result = run(worker, LOAD, arguments=(reference,))

    # then it works
    assert result == "21"
    assert not (worker / "wf.py").exists()


def test_a_definition_has_them_and_no_such_field_without_them(tmp_path):
    workflow = (
        "import orquestra.sdk as sdk\n{}"
        "@sdk.task\ndef task():\n    return 1\n"
        "@sdk.workflow\ndef flow():\n    return [task()]\n"
    )
    files = {"with_helper.py": workflow.format("import helpers\n"), "alone.py": workflow.format("")}
    write(tmp_path, {**files, "helpers.py": "A = 1\n"})

    with imported(tmp_path, "with_helper") as module:
        model = module.flow().model
    with imported(tmp_path, "alone") as module:
        alone = module.flow().model

    assert model.source_files == {"helpers.py": "A = 1\n"}
    assert "source_files" not in alone.model_dump()


def test_a_file_in_a_folder_of_the_project_finds_its_neighbours(tmp_path, monkeypatch):
    # given what the command line does for a file below the current folder
    write(tmp_path, {"flows/wf.py": "import helpers\n" + TASK, "flows/helpers.py": ""})
    monkeypatch.syspath_prepend(tmp_path / "flows")

    with imported(tmp_path, "flows.wf") as module:
        assert list(source_files([module.task])) == ["helpers.py"]
        del sys.modules["helpers"]
