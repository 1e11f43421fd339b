"""The lists of workspaces and of projects."""

import pytest

WORKSPACES, PROJECTS = "/api/catalog/workspaces", "/api/catalog/workspaces/{}/projects"
LAB = "zri:v1::0:system:resource_group:lab"


@pytest.fixture
def catalog(engine):
    """An engine with two workspaces, of which one has a project."""
    engine.answer_bare(
        WORKSPACES,
        [{"id": "ada", "displayName": "Ada's own"}, {"id": "lab", "displayName": "The lab"}],
    )
    engine.answer_bare(
        PROJECTS.format(LAB),
        [{"id": "default", "displayName": "Everything", "resourceGroupId": "lab"}],
    )
    return engine


def test_workspaces_are_listed_with_their_names(logged_in, catalog):
    assert logged_in.json("workspace", "list") == {
        "workspaces": [{"id": "ada", "name": "Ada's own"}, {"id": "lab", "name": "The lab"}]
    }
    rows = [line.split(maxsplit=1) for line in logged_in("workspace", "list").stdout.splitlines()]
    assert ["lab", "The lab"] in [[cell.strip() for cell in row] for row in rows]


def test_projects_of_a_workspace_are_listed(logged_in, catalog):
    assert logged_in.json("project", "list", "-w", "lab") == {
        "workspace_id": "lab",
        "projects": [{"id": "default", "name": "Everything"}],
    }
    assert "Everything" in logged_in("project", "list", "-w", "lab").stdout


def test_the_workspace_is_asked_for_where_there_are_several(logged_in, catalog, keyboard):
    keyboard.types(keyboard.DOWN, keyboard.ENTER)

    assert logged_in.json("project", "list")["workspace_id"] == "lab"


def test_the_local_runtime_has_no_workspaces(orq):
    result = orq("workspace", "list", "-c", "local")

    assert result.exit_code == 255
    assert "has no workspaces and projects" in result.stderr


def test_projects_of_an_unknown_workspace_are_told(logged_in, catalog):
    result = logged_in("project", "list", "-w", "nowhere")

    assert result.exit_code == 255
    assert "There is no workspace 'nowhere'" in result.stderr
