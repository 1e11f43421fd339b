"""Logins of Git repositories, with git itself and a server that wants a password."""

import os
import subprocess

import pytest

from orquestra.executor.environments import environment_key, requirements
from orquestra.executor.git_logins import GitLogin, git_address, git_login, login_variables
from orquestra.executor.git_references import find_commits
from orquestra.executor.installation import InstallRequest, install
from orquestra.executor.protocol import Secret
from orquestra.executor.surroundings import Requirements
from orquestra.sdk.schema import ir
from tests.git_server import GitServer
from tests.unit.executor.test_environments import prepared

PAT = Secret("github-pat", "team", None)
VALUE = 'pa"ss\\n$(w)ord % 5'
"""A shell makes something else of it, where it is not quoted."""


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    """Of the user of this machine."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")


@pytest.fixture
def server(tmp_path):
    server = GitServer(tmp_path / "repositories")
    server.open()
    yield server
    server.close()


def git_import(url, *, secret=PAT):
    password = secret and ir.SecretNode(
        id=ir.SecretNodeId("secret-git"),
        secret_name=secret.name,
        workspace_id=secret.workspace_id,
        secret_config=secret.config_name,
    )
    parsed = ir.GitURL.model_validate(url).model_copy(update={"password": password})
    return ir.GitImport(id=ir.ImportId("g"), repo_url=parsed, git_ref="main")


def clone(address, folder, logins):
    """Clone as an installer would; what git has said if it could not."""
    done = subprocess.run(
        ["git", "clone", "--quiet", address, str(folder)],
        env={**os.environ, **login_variables(logins)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else None


@pytest.mark.parametrize(
    ("url", "address", "login"),
    [
        ("https://h.com/a/b.git", "https://h.com/a/b.git", ("https://h.com/a/b.git", "git")),
        ("https://me@h.com:8/b", "https://me@h.com:8/b", ("https://h.com:8/b", "me")),
        ("git+http://h.com/b", "http://h.com/b", ("http://h.com/b", "git")),
        ("ssh://h.com/b", "ssh://git@h.com/b", None),
        ("me@h.com:b", "ssh://me@h.com/b", None),
    ],
)
def test_a_password_goes_with_an_address_on_the_web(url, address, login):
    url = git_import(url).repo_url

    assert git_address(url) == address
    assert git_login(url) == (login and GitLogin(*login, PAT))
    assert git_login(url.model_copy(update={"password": None})) is None


def test_what_is_installed_needs_the_login_and_is_the_same_for_all_logins():
    needed = requirements(*prepared(git=git_import("https://me@h.com/tool")))
    without = requirements(*prepared(git=git_import("https://me@h.com/tool", secret=None)))

    assert needed == Requirements(
        packages=("git+https://me@h.com/tool@main",),
        logins=(GitLogin("https://h.com/tool", "me", PAT),),
    )
    assert environment_key(needed, image="i") == environment_key(without, image="i")


def test_git_reads_a_repository_with_the_password_and_keeps_it_nowhere(server, tmp_path):
    server.add("team/tool", login=("me", VALUE))
    address = f"{server.url}/team/tool"
    helper = f"store --file {tmp_path}/kept"
    git = ["git", "config", "--global", "credential.helper", helper]
    subprocess.run(git, check=True)

    refused = clone(address, tmp_path / "a", [])
    problem = clone(address, tmp_path / "b", [(GitLogin(address, "me", PAT), f"{VALUE}\n")])

    assert "could not read Username" in refused
    assert problem is None
    assert (tmp_path / "b" / "tool.py").exists()
    found = subprocess.run(
        ["grep", "-rF", VALUE, tmp_path / "b", tmp_path / "home", tmp_path], check=False
    )
    assert found.returncode == 1


def test_each_repository_has_its_password_and_others_of_its_host_the_first(server, tmp_path):
    server.add("a/tool", login=("ada", "one"))
    server.add("b/tool", login=("bob", "two"))
    server.add("b/part", login=("ada", "one"))
    logins = [
        (GitLogin(f"{server.url}/a/tool", "ada", PAT), "one"),
        (GitLogin(f"{server.url}/b/tool", "bob", PAT), "two"),
    ]

    for path in ("a/tool", "b/tool", "b/part"):
        assert clone(f"{server.url}/{path}", tmp_path / path, logins) is None


def test_settings_that_are_there_stay(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "test.word")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "kept")
    variables = login_variables([(GitLogin("https://h.com/b", "me", PAT), "p")])

    said = subprocess.check_output(
        ["git", "config", "test.word"], env={**os.environ, **variables}, text=True
    )

    assert said == "kept\n"
    assert login_variables([]) == {}


def test_a_branch_of_a_private_repository_is_looked_up(server, keeper, access):
    commit = server.add("team/tool", login=("git", "p"))
    moving = git_import(f"{server.url}/team/tool")

    assert find_commits([moving], access=access) == {}
    keeper.secrets["zri:v1::0:team:secret:github-pat"] = "p"
    assert find_commits([moving], access=access) == {"g": commit}


@pytest.fixture
def installed(play, monkeypatch, tmp_path, server, access):
    """Installs a private repository with a program that clones it."""
    monkeypatch.setenv("ORQUESTRA_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setenv("PLACE", str(tmp_path / "place"))
    server.add("team/tool", login=("git", VALUE))
    play('env >&2; git clone --quiet "$2" "$PLACE" && printf %s "$ORQ_GIT_PASSWORD_0"')
    address = f"{server.url}/team/tool"
    logins = (GitLogin(address, "git", PAT),)

    def run():
        return install(InstallRequest("key", (address,), (), logins, access))

    return run


def test_an_installer_reads_a_private_repository_and_its_lines_hide_the_password(
    installed, keeper, access, tmp_path
):
    keeper.secrets["zri:v1::0:team:secret:github-pat"] = VALUE

    result = installed()

    said = "\n".join(text for _, text in result.lines)
    assert result.problem is None, said
    assert (tmp_path / "place" / "tool.py").exists()
    assert said.endswith("***")
    assert VALUE not in said
    assert access.token not in said


def test_a_wrong_password_is_told_without_it(installed, keeper):
    keeper.secrets["zri:v1::0:team:secret:github-pat"] = "wrong"

    result = installed()

    assert "Authentication failed" in result.problem
    assert "wrong" not in result.problem


def test_a_password_that_is_not_there_is_told(installed):
    result = installed()

    assert result.problem.startswith("ERROR: The secret 'github-pat' of the workspace 'team'")
    assert "orq secret set github-pat -w team" in result.problem
