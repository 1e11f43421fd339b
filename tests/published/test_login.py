"""The published client logs in to our engine, with a token and through its page."""

import datetime as dt
import os
import shlex
import sys

import jwt
import pytest

from tests.published.conftest import FOLDER, GRACE
from tests.running_engine import ORQ, run_quietly

pytestmark = [pytest.mark.containers, pytest.mark.timeout(120)]

PASSWORD = "correct horse battery staple"


def token_of(user, *, seconds, key="a key of somebody else, 32 bytes long"):
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return jwt.encode({"sub": user, "exp": expires}, key, algorithm="HS256")


@pytest.fixture(scope="module")
def password(administer, spaces):
    administer("user", "password", GRACE, "--password-stdin", stdin=PASSWORD)
    return PASSWORD


def test_a_token_is_saved_without_asking_the_engine(newcomer, engine):
    client = newcomer()

    said = client.login(engine.url, engine.token(GRACE))

    assert said.lines == [
        "Token saved in config file.",
        f"Configuration name for {engine.url} with runtime CE_REMOTE is '127'.",
    ]
    *_, last = client.orq("login", "--list").lines
    assert last.split() == ["127", "CE_REMOTE", engine.url, "✓"]


def test_both_releases_share_the_file_of_logins(newcomer, engine):
    client = newcomer()
    file = {"ORQ_CONFIG_PATH": client.environment()["ORQ_CONFIG_PATH"]}
    client.login(engine.url, engine.token(GRACE))

    ours = run_quietly([ORQ, "login", "--list"], env={**os.environ, **file})
    other = ["-s", "https://other.example.com", "-t", token_of(GRACE, seconds=600)]
    run_quietly([ORQ, "login", *other], env={**os.environ, **file})

    assert engine.url in ours
    *_, first, second = client.orq("login", "--list").lines
    assert first.split()[0] == "127"
    assert second.split() == ["other", "CE_REMOTE", "https://other.example.com", "✓"]


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("nonsense", "The auth token is not valid."),
        (token_of(GRACE, seconds=-1), "The auth token has expired."),
    ],
    ids=["no token", "expired"],
)
def test_a_token_that_cannot_count_is_not_saved(newcomer, engine, token, said):
    refused = newcomer().orq("login", "-s", engine.url, "-t", token, expect=12)

    assert refused.lines == [said, "Please try logging in again."]


WRONG = token_of(GRACE, seconds=600)
LIST = ["wf", "list", "-w", GRACE]


@pytest.mark.parametrize(
    ("token", "command"),
    [
        (WRONG, LIST),
        (token_of("nobody", seconds=600), LIST),
        (token_of(GRACE, seconds=-1), LIST),
        (WRONG, ["wf", "view", "any-Ab1Cd-r000"]),
        (WRONG, ["wf", "stop", "any-Ab1Cd-r000"]),
        (WRONG, ["wf", "submit", "flows", "single", "-w", GRACE, "-p", "default"]),
    ],
    ids=["list", "of a stranger", "expired since", "view", "stop", "submit"],
)
def test_a_saved_token_that_counts_no_more_is_told_at_each_command(with_token, token, command):
    refused = with_token(token).orq(*command, "-c", "127", expect=12)

    assert refused.lines == ["Error: Authorization failed. Please log in again."]


def test_a_token_that_was_taken_back_counts_no_more(user, engine, administer):
    token = engine.token("mallory@example.com")
    client = user("mallory@example.com")
    client.login(engine.url, token)

    client.orq("wf", "list", "-c", "127", "-w", "mallory@example.com")
    administer("token", "revoke", token)

    client.orq("wf", "list", "-c", "127", "-w", "mallory@example.com", expect=12)


def test_the_login_page_hands_the_token_to_the_client_that_waits(newcomer, engine, password):
    browser = [sys.executable, str(FOLDER / "browser.py"), GRACE, password]
    client = newcomer(BROWSER=f"{shlex.join(browser)} %s &")

    said = client.orq("login", "-s", engine.url)

    assert said.lines == [
        "Continue the login process in your web browser. Press [ctrl-c] to cancel.",
        "Token saved in config file.",
        f"Configuration name for {engine.url} with runtime CE_REMOTE is '127'.",
    ]
    assert client.python("tell([w.workspace_id for w in sdk.list_workspaces('127')])")


def test_without_a_browser_the_address_of_the_page_is_printed(newcomer, engine):
    said = newcomer(BROWSER="/bin/false %s").orq("login", "-s", engine.url)

    assert "We were unable to automatically log you in." in said.lines
    assert f"{engine.url}/login?port=" in said.out
    assert said.lines[-1] == f"orq login -s {engine.url} -t <paste your token here>"


@pytest.mark.parametrize(("address", "code"), [("127.0.0.1:1", 11), ("http://127.0.0.1:1", 255)])
def test_addresses_where_there_is_no_engine(newcomer, address, code):
    newcomer().orq("login", "-s", address, expect=code)
