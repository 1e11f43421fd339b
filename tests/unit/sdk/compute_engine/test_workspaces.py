import pytest

from orquestra.sdk import (
    Project,
    RuntimeConfig,
    Workspace,
    list_projects,
    list_workspaces,
)
from orquestra.sdk.exceptions import (
    NotFoundError,
    UnauthorizedError,
    WorkspacesNotSupportedError,
)

WORKSPACES = "GET /api/catalog/workspaces"
PROJECTS = "GET /api/catalog/workspaces/zri:v1::0:system:resource_group:ws-a/projects"
ENTRY = {"type": "x", "description": "", "owner": "ada@example.com", "tags": [], "status": "ready"}
REFUSAL = {"message": "Bad Request", "detail": "No such workspace."}


def test_workspaces_are_told_with_their_names(engine):
    engine.answers(
        WORKSPACES,
        [{**ENTRY, "id": "ws-a", "displayName": "Team A", "namespace": "ws-0-3aws-2da"}],
    )

    assert list_workspaces(engine.config) == [Workspace("ws-a", "Team A")]


def test_projects_are_told_with_their_workspace(engine):
    entry = {**ENTRY, "id": "proj-a", "displayName": "Demo", "resourceGroupId": "ws-a"}
    engine.answers(PROJECTS, [entry])

    assert list_projects(engine.config, "ws-a") == [Project("proj-a", "ws-a", "Demo")]
    assert list_projects(engine.config, Workspace("ws-a", "Team A")) == [
        Project("proj-a", "ws-a", "Demo")
    ]


def test_a_personal_workspace_goes_into_the_path_as_it_is(engine):
    call = PROJECTS.replace("ws-a", "prod-d/ada@example.com")
    engine.answers(call, [])

    assert list_projects(engine.config, "prod-d/ada@example.com") == []


@pytest.mark.parametrize("workspace_id", ["", "..", "ada/../../..", "a//b"])
def test_no_id_leads_a_request_elsewhere(engine, workspace_id):
    with pytest.raises(NotFoundError, match="No workspace can have the id"):
        list_projects(engine.config, workspace_id)

    assert engine.requests == []


@pytest.mark.parametrize("status", [400, 404])
def test_an_unknown_workspace_is_told(engine, status):
    engine.answers(PROJECTS, REFUSAL, status=status)

    with pytest.raises(NotFoundError, match="no workspace 'ws-a': No such workspace"):
        list_projects(engine.config, "ws-a")


@pytest.mark.parametrize("status", [401, 403])
def test_a_login_without_the_right_is_told(engine, status):
    engine.answers(WORKSPACES, REFUSAL, status=status)

    with pytest.raises(UnauthorizedError):
        list_workspaces(engine.config)


@pytest.mark.parametrize("config", ["ray", "local", "in_process", RuntimeConfig.in_process()])
def test_runtimes_of_this_machine_have_no_workspaces(config):
    with pytest.raises(WorkspacesNotSupportedError, match="no workspaces"):
        list_workspaces(config)
    with pytest.raises(WorkspacesNotSupportedError, match="no workspaces"):
        list_projects(config, "ws-a")
