import pytest

from orquestra.sdk.code.module_files import Unit, read_module
from orquestra.sdk.exceptions import WorkflowSyntaxError
from tests.unit.sdk.user_projects import write

FILES = {
    "ns/part.py": "",
    "ns/inner/deep.py": "",
    "ns/both.py": "",
    "ns/both/__init__.py": "",
    "ns/whole/__init__.py": "",
    "ns/whole/sub/x.py": "",
    "ns/whole/not-a-module/x.py": "",
    "ns/whole/__pycache__/x.py": "",
    "ns/whole/env/pyvenv.cfg": "",
    "ns/whole/env/x.py": "",
    "ns/whole/not-a-module.py": "",
}


@pytest.mark.parametrize(
    ("parts", "files"),
    [
        ([], None),
        (["part"], ["ns/part.py"]),
        (["part", "function"], ["ns/part.py"]),
        (["inner"], None),
        (["inner", "deep"], ["ns/inner/deep.py"]),
        (["both"], ["ns/both/__init__.py"]),
        (["whole"], ["ns/whole/__init__.py", "ns/whole/sub/x.py"]),
        (["whole", "sub", "x"], ["ns/whole/__init__.py", "ns/whole/sub/x.py"]),
        (["missing", "further"], None),
    ],
)
def test_a_name_leads_to_the_first_that_travels_as_a_whole(tmp_path, parts, files):
    write(tmp_path, FILES)

    unit = Unit(path="ns", place=tmp_path / "ns").within(parts)

    assert unit.is_whole == (files is not None)
    if files is not None:
        assert sorted(path for path, _ in unit.files()) == files


def test_a_file_that_is_gone_is_told(tmp_path):
    with pytest.raises(WorkflowSyntaxError, match=r"gone\.py.*cannot be sent"):
        read_module(tmp_path / "gone.py", package="")


@pytest.mark.parametrize(
    ("parts", "files"),
    [
        (["whole", "sub", "x"], ["ns/whole/__init__.py", "ns/whole/sub/x.py"]),
        (["whole", "function"], ["ns/whole/__init__.py"]),
        (["part", "function"], ["ns/part.py"]),
        (["missing"], []),
    ],
)
def test_the_files_that_an_import_runs_are_found(tmp_path, parts, files):
    write(tmp_path, FILES)

    units = Unit(path="ns", place=tmp_path / "ns").run_by(parts)

    assert [path for unit in units if unit.is_whole for path, _ in unit.files()] == files


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"# coding: latin-1\nX = '\xe9'\r\n", "# coding: utf-8\nX = 'é'\r\n"),
        (b"#!python\n# -*- coding: latin-1 -*-\n", "#!python\n# -*- coding: utf-8 -*-\n"),
        (b"# coding: utf-8\nX = '# coding: x'\n", "# coding: utf-8\nX = '# coding: x'\n"),
        (b"\xef\xbb\xbfimport a\n", "import a\n"),
    ],
)
def test_text_is_decoded_as_python_does_and_can_be_written_as_utf_8(tmp_path, data, text):
    (tmp_path / "x.py").write_bytes(data)

    assert read_module(tmp_path / "x.py", package="").text == text


@pytest.mark.parametrize("data", [b"# coding: nonsense\n", b"X = '\xe9'\n", b"\n\n\n'\xe9'\n"])
def test_what_python_cannot_decode_is_told(tmp_path, data):
    (tmp_path / "x.py").write_bytes(data)

    with pytest.raises(WorkflowSyntaxError, match=r"x\.py.*cannot be sent"):
        read_module(tmp_path / "x.py", package="")
