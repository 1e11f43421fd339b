"""What branches and tags stand for, by a `git` that a test plays."""

import subprocess
from types import SimpleNamespace

import pytest

from orquestra.executor import git_references as module
from orquestra.executor.git_references import find_commits
from orquestra.executor.secret_access import SecretProblem
from orquestra.sdk.schema import ir

COMMIT = "a" * 40


class Clock:
    """Time that goes on only where something takes some."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def asked(monkeypatch):
    """The patience that each question to a repository has had."""
    patience = []

    def run(*_, timeout, **__):
        patience.append(timeout)
        return SimpleNamespace(stdout=f"{COMMIT}\trefs/heads/main\n")

    monkeypatch.setattr(module.subprocess, "run", run)
    return patience


def moving(name, *, password=True):
    secret = ir.SecretNode(id="s", secret_name=name, secret_config=None) if password else None
    url = ir.GitURL(
        original_url=f"https://host/{name}",
        protocol="https",
        user=None,
        password=secret,
        host="host",
        port=None,
        path=name,
        query=None,
    )
    return ir.GitImport(id=name, repo_url=url, git_ref="main")


def test_repositories_have_their_patience_once_all_passwords_are_read(monkeypatch, clock, asked):
    def slowly(*_):
        clock.now += 60
        return "password"

    monkeypatch.setattr(module, "read_secret", slowly)
    imports = [moving("one"), moving("open", password=False), moving("two")]

    assert find_commits(imports, access=None) == dict.fromkeys(("one", "open", "two"), COMMIT)
    assert asked == [10.0] * 3


@pytest.mark.usefixtures("clock")
def test_a_password_that_cannot_be_read_leaves_out_its_repository_only(monkeypatch, asked):
    def broken(*_):
        raise SecretProblem("It is not there.")

    monkeypatch.setattr(module, "read_secret", broken)

    found = find_commits([moving("one"), moving("open", password=False)], access=None)

    assert found == {"open": COMMIT}
    assert len(asked) == 1


def test_all_repositories_share_one_patience(monkeypatch, clock):
    def run(*_, timeout, **__):
        clock.now += timeout
        raise subprocess.TimeoutExpired("git", timeout)

    monkeypatch.setattr(module.subprocess, "run", run)
    monkeypatch.setattr(module, "_MOST_AT_ONCE", 1)

    assert find_commits([moving(str(at), password=False) for at in range(3)], access=None) == {}
    assert clock.now == 10
