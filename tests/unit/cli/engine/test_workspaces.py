"""`orq engine workspace` and `orq engine project`: what an administrator types."""

import pytest


@pytest.fixture
def admin(orq, tmp_path):
    """Runs a command of `orq engine` on a data folder with the users ada and eve."""

    def typed(*words: str):
        return orq("engine", *words, "--data", str(tmp_path / "engine"))

    for user in ("ada", "eve"):
        typed("user", "add", user)
    return typed


@pytest.fixture
def shown(orq, tmp_path):
    """What a list of `orq engine` shows."""

    def listed(noun: str, *words: str):
        answer = orq.json("engine", noun, "list", *words, "--data", str(tmp_path / "engine"))
        return answer[f"{noun}s"]

    return listed


def workspace(shown, identifier: str):
    return next(entry for entry in shown("workspace") if entry["id"] == identifier)


def test_a_workspace_is_added_described_and_listed(admin, shown):
    result = admin(
        "workspace", "add", "ws-a", "--name", "Team A", "--description", "For all", "--owner", "eve"
    )

    assert (result.exit_code, result.stdout) == (0, "Added the workspace 'ws-a'.\n")
    team = workspace(shown, "ws-a")
    assert team.pop("created").endswith("+00:00")
    assert team == {
        "id": "ws-a",
        "name": "Team A",
        "description": "For all",
        "members": [{"user": "eve", "role": "owner"}],
    }
    assert "Team A" in admin("workspace", "list").stdout


def test_members_come_change_and_go(admin, shown):
    assert "no members yet" in admin("workspace", "add", "ws-a").stdout

    assert "'ada' is a member" in admin("workspace", "member", "ws-a", "ada").stdout
    assert workspace(shown, "ws-a")["members"] == [{"user": "ada", "role": "member"}]

    assert (
        "'ada' is an owner" in admin("workspace", "member", "ws-a", "ada", "--role", "owner").stdout
    )
    assert workspace(shown, "ws-a")["members"] == [{"user": "ada", "role": "owner"}]

    assert "no member" in admin("workspace", "member", "ws-a", "ada", "--remove").stdout
    assert workspace(shown, "ws-a")["members"] == []


def test_a_workspace_is_removed(admin, shown):
    admin("workspace", "add", "ws-a", "--owner", "ada")

    assert admin("workspace", "remove", "ws-a").exit_code == 0

    assert [entry["id"] for entry in shown("workspace")] == ["ada", "eve"]


def test_projects_come_and_go(admin, shown):
    admin("project", "add", "ada", "p-1", "--name", "First", "--description", "The first")

    found = shown("project", "ada")
    assert [(entry["workspace"], entry["id"], entry["name"]) for entry in found] == [
        ("ada", "p-1", "First"),
        ("ada", "default", "default"),
    ]
    assert len(shown("project")) == 3
    assert "First" in admin("project", "list").stdout

    assert admin("project", "remove", "ada", "p-1").exit_code == 0
    assert [entry["id"] for entry in shown("project", "ada")] == ["default"]


def test_a_role_for_who_is_to_go_is_a_mistake(admin, shown):
    admin("workspace", "add", "ws-a", "--owner", "eve")

    result = admin("workspace", "member", "ws-a", "eve", "--remove", "--role", "member")

    assert result.exit_code == 2
    assert "--remove takes no --role" in result.stderr
    assert workspace(shown, "ws-a")["members"] == [{"user": "eve", "role": "owner"}]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["workspace", "add", "ada"], "error: There is a workspace 'ada' already."),
        (["workspace", "add", "a?"], "error: The workspace 'a?' must not have '?' in it."),
        (["workspace", "add", "ws", "--owner", "bob"], "error: There is no user 'bob'."),
        (["workspace", "remove", "eve"], "error: 'eve' is the personal workspace"),
        (["workspace", "member", "eve", "ada"], "error: 'eve' is the personal workspace"),
        (["workspace", "member", "ws", "ada"], "error: There is no workspace 'ws'."),
        (["project", "add", "ws", "p"], "error: There is no workspace 'ws'. There are: ada, eve."),
        (["project", "list", "ws"], "error: There is no workspace 'ws'. There are: ada, eve."),
        (["project", "remove", "ada", "default"], "error: Every workspace has a project"),
    ],
)
def test_what_cannot_be_done_is_told(admin, words, message):
    result = admin(*words)

    assert result.exit_code == 1
    assert message in result.stderr
