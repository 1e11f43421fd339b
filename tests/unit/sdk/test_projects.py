import pytest

from orquestra.sdk.exceptions import ProjectInvalidError
from orquestra.sdk.projects import ProjectRef, resolve_project

BOTH = ProjectRef("ws", "proj")


@pytest.mark.parametrize(
    ("given", "environment", "project"),
    [
        ((None, None), (None, None), None),
        (("", ""), (None, None), None),
        (("ws", "proj"), (None, None), BOTH),
        (("ws", "proj"), ("other", "other"), BOTH),
        ((None, None), ("ws", "proj"), BOTH),
        (("ws", None), ("other", "proj"), BOTH),
        ((None, "proj"), ("ws", None), BOTH),
        (("ws", None), (None, None), ProjectInvalidError),
        ((None, "proj"), (None, None), ProjectInvalidError),
        ((None, None), ("ws", None), ProjectInvalidError),
        ((None, None), (None, "proj"), ProjectInvalidError),
    ],
)
def test_where_a_run_belongs(monkeypatch, given, environment, project):
    for name, value in zip(("WORKSPACE", "PROJECT"), environment, strict=True):
        if value is not None:
            monkeypatch.setenv(f"ORQ_CURRENT_{name}", value)
    arguments = dict(zip(("workspace_id", "project_id"), given, strict=True))

    if project is ProjectInvalidError:
        with pytest.raises(ProjectInvalidError, match=r"but no (workspace|project). Give both"):
            resolve_project(**arguments)
    else:
        assert resolve_project(**arguments) == project
