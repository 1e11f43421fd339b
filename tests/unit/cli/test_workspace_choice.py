"""The workspace and the project of runs; how it is asked for is in the tests of `orq wf submit`."""

from orquestra.cli.workspace_choice import choose_project, choose_workspace
from orquestra.sdk import RuntimeConfig


def test_the_local_runtime_has_no_workspaces_and_projects_whatever_was_given():
    local = RuntimeConfig.ray()

    assert choose_workspace(local, "lab") is None
    assert choose_project(local, "fits", workspace_id=None) is None
