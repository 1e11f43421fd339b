"""Workspaces, projects and secrets, seen by the published client."""

import pytest

from tests.published.conftest import GRACE, PROJECT, ROSA, TEAM

pytestmark = [pytest.mark.containers, pytest.mark.timeout(200)]


def test_a_user_sees_the_own_workspace_and_the_shared_ones(grace, rosa):
    program = """
        tell({each.workspace_id: each.name for each in sdk.list_workspaces("127")})
    """

    assert grace.python(program) == {GRACE: GRACE, TEAM: "Team A"}
    assert rosa.python(program) == {ROSA: ROSA, TEAM: "Team A", "team-b": "team-b"}


@pytest.mark.parametrize(
    ("workspace", "projects"),
    [
        (TEAM, {"default": "default", PROJECT: "Demo project"}),
        (GRACE, {"default": "default"}),
    ],
)
def test_the_projects_of_a_workspace(grace, workspace, projects):
    found = grace.python(
        f"""
        tell([
            [each.project_id, each.name, each.workspace_id]
            for each in sdk.list_projects("127", {workspace!r})
        ])
        """
    )

    assert sorted(found) == sorted([key, name, workspace] for key, name in projects.items())


@pytest.mark.parametrize("workspace", ["team-b", "nowhere"])
def test_projects_of_workspaces_of_others_are_not_told(grace, workspace):
    raised = grace.python(
        f"""
        try:
            sdk.list_projects("127", {workspace!r})
        except Exception as error:
            tell(type(error).__name__)
        """
    )

    assert raised == "UnauthorizedError"


@pytest.mark.parametrize("workspace", [None, TEAM], ids=["personal", "shared"])
def test_secrets_are_set_read_listed_and_deleted(grace, workspace):
    found = grace.python(
        f"""
        place = {{"config_name": "127", "workspace_id": {workspace!r}}}

        def problem(function, *arguments):
            try:
                return function(*arguments, **place)
            except Exception as error:
                return type(error).__name__

        sdk.secrets.set("a-1", "first", **place)
        first = sdk.secrets.get("a-1", **place)
        sdk.secrets.set("a-1", "second ü", **place)
        found = [first, sdk.secrets.get("a-1", **place), "a-1" in sdk.secrets.list(**place)]
        sdk.secrets.delete("a-1", **place)
        found += ["a-1" in sdk.secrets.list(**place)]
        tell(found + [problem(sdk.secrets.get, "a-1"), problem(sdk.secrets.delete, "a-1")])
        """
    )

    assert found == ["first", "second ü", True, False, "NotFoundError", "NotFoundError"]


def test_secrets_of_a_workspace_are_its_members(grace, rosa, user):
    grace.python(
        f"""
        sdk.secrets.set("shared", "open", workspace_id={TEAM!r}, config_name="127")
        sdk.secrets.set("personal", "closed", config_name="127")
        tell(None)
        """
    )
    program = f"""
        found = []
        for name, workspace in [("shared", {TEAM!r}), ("personal", None), ("personal", {GRACE!r})]:
            try:
                found.append(sdk.secrets.get(name, workspace_id=workspace, config_name="127"))
            except Exception as error:
                found.append(type(error).__name__)
        tell(found)
    """

    assert grace.python(program) == ["open", "closed", "closed"]
    shared, own, of_another = rosa.python(program)
    assert (shared, own) == ("open", "NotFoundError")
    assert "closed" not in of_another


def test_tasks_use_secrets_and_know_where_they_run(grace, ended):
    run_id = ended("secretive")

    login, team, personal, place = grace.python(
        f"""
        run = sdk.WorkflowRun.by_id({run_id!r}, "127")
        tell(run.get_results())
        """
    )

    assert login == "of grace/of the team"
    listed, changed, as_before = team
    assert "team-token" in listed
    assert (changed, as_before) == ("second", True)
    assert personal == "of grace"
    assert place[:3] == [TEAM, PROJECT, run_id]
    assert place[3].startswith("invocation-")
