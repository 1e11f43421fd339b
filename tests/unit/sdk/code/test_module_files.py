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
