"""The browser's part of a login: a fake one here, which calls what the login page calls."""

import json
import threading
import webbrowser
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from orquestra.cli.login import browser
from orquestra.cli.login.listener import listening
from tests.unit.cli.canned_engine import token

PAGE = "https://lab.example.com/login?port=1"
JWT = token()


@pytest.fixture
def login_page(engine):
    """An engine with a login page."""
    engine.redirects["/api/login"] = "/login"
    return engine


@pytest.fixture
def open_browser(monkeypatch):
    """Has a browser that opens pages, and then does something with the listener's port."""

    def set_up(act):
        opened = []

        def open_page(page):
            opened.append(page)
            (port,) = parse_qs(urlsplit(page).query)["port"]
            return act(int(port)) is not False

        monkeypatch.setenv("BROWSER", "fake")
        monkeypatch.setattr(webbrowser, "open", open_page)
        return opened

    return set_up


def call(port, path, method="GET", **headers):
    with closing(HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def test_the_token_that_the_browser_brings_is_saved(orq, login_page, open_browser, saved):
    new = token()
    opened = open_browser(lambda port: call(port, f"/state?token={new}"))

    result = orq("login", "-s", login_page.uri)

    assert result.exit_code == 0, result.output
    assert saved()["127"] == {"uri": login_page.uri, "token": new}
    assert result.stdout.startswith("Token saved in config file.\n")
    assert "Continue the login process in your web browser." in result.stderr
    (page,) = opened
    assert page in result.stderr
    assert page.startswith(f"{login_page.uri}/login?port=")


def test_a_token_that_has_expired_is_not_saved(orq, login_page, open_browser, tmp_path):
    open_browser(lambda port: call(port, f"/state?token={token(expires_in=-1)}"))

    result = orq("login", "-s", login_page.uri)

    assert result.exit_code == 12
    assert not (tmp_path / "config.json").exists()


def interrupt(_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "happens", ["no browser", "no display", "nothing comes", "cancelled"], ids=str
)
def test_without_a_token_it_is_told_how_to_log_in_by_hand(
    orq, login_page, open_browser, monkeypatch, happens
):
    open_browser(lambda _: happens != "no browser")
    monkeypatch.setattr(browser, "PATIENCE", browser.PATIENCE * 0)
    if happens == "no display":
        monkeypatch.setattr("sys.platform", "linux")
        for variable in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
            monkeypatch.delenv(variable, raising=False)
    if happens == "cancelled":
        monkeypatch.setattr(
            "orquestra.cli.login.listener.TokenListener.wait", lambda *_: interrupt(0)
        )

    result = orq("login", "-s", login_page.uri)

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "We were unable to automatically log you in."
    assert lines[2].startswith(f"{login_page.uri}/login?port=")
    assert lines[4] == f"orq login -s {login_page.uri} -t <paste your token here>"
    assert ("cancelled" in result.stderr.splitlines()) is (happens == "cancelled")


def test_as_json_a_login_that_is_left_to_the_browser_is_a_document(orq, login_page, open_browser):
    open_browser(lambda _: False)

    result = orq("login", "-s", login_page.uri, "--json")

    document = json.loads(result.stdout)
    assert (result.exit_code, document["saved"]) == (0, False)
    assert document["login_url"].startswith(f"{login_page.uri}/login?port=")
    assert "We were unable to automatically log you in." in result.stderr


def test_an_engine_that_cannot_be_reached_is_told(orq):
    result = orq("login", "-s", "http://127.0.0.1:1")

    assert result.exit_code == 11
    assert "error: The login URL for 'http://127.0.0.1:1' is unavailable" in result.stderr


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((404, b'{"detail": "This engine is the local runtime."}'), "This engine is the local"),
        ((404, b"<html>"), "it answered 404 Not Found"),
        ((200, b"[]"), "it answered 200 OK"),
    ],
)
def test_an_engine_without_a_login_page_is_told(orq, engine, answer, reason):
    engine.answers["/api/login"] = answer

    result = orq("login", "-s", engine.uri)

    assert result.exit_code == 255
    assert f"error: {engine.uri} has no login page: {reason}" in result.stderr
    assert "hint: get a token from its administrator" in result.stderr


@pytest.mark.parametrize("place", ["file:///etc/passwd", "javascript:alert(1)", "/\x1b[31m"])
def test_only_web_pages_are_opened(orq, engine, open_browser, place):
    engine.redirects["/api/login"] = place
    opened = open_browser(lambda _: True)

    assert orq("login", "-s", engine.uri).exit_code != 0
    assert opened == []


class TestListener:
    """The answers are those of release 1.1."""

    @pytest.mark.parametrize(
        ("path", "status"), [(f"/state?token={JWT}", 200), ("/state", 400), ("/state?token=", 400)]
    )
    def test_answers_are_empty_and_may_be_read_by_the_login_page(self, path, status):
        with listening() as listener:
            listener.login_page = PAGE
            got, headers, body = call(listener.server_port, path)

        assert (got, body) == (status, b"")
        assert headers["Access-Control-Allow-Origin"] == "https://lab.example.com"
        assert headers["Content-Length"] == "0"

    def test_what_is_no_token_is_refused_and_the_wait_goes_on(self):
        with listening() as listener:
            listener.login_page = PAGE

            assert call(listener.server_port, "/state?token=a.b.c")[0] == 400
            call(listener.server_port, f"/state?token={JWT}")

            assert listener.wait(browser.PATIENCE) == JWT

    @pytest.mark.parametrize("method", ["GET", "OPTIONS"])
    @pytest.mark.parametrize(
        ("origin", "is_refused"),
        [
            ("https://lab.example.com", False),
            ("https://evil.example.com", True),
            ("http://lab.example.com", True),
            ("null", True),
        ],
    )
    def test_scripts_of_other_sites_are_refused(self, method, origin, is_refused):
        with listening() as listener:
            listener.login_page = PAGE
            path = f"/state?token={JWT}"

            status, *_ = call(listener.server_port, path, method=method, Origin=origin)

            assert (status == 403) is is_refused
            is_brought = method == "GET" and not is_refused
            assert listener.wait(browser.PATIENCE * is_brought) == (JWT if is_brought else None)

    def test_there_is_nothing_else(self):
        with listening() as listener:
            assert call(listener.server_port, f"/?token={JWT}")[0] == 404

    def test_a_browser_may_ask_first_whether_a_page_may_call_this_machine(self):
        with listening() as listener:
            status, headers, _ = call(listener.server_port, f"/state?token={JWT}", method="OPTIONS")

            assert status == 204
            assert headers["Access-Control-Allow-Private-Network"] == "true"
            assert listener.wait(browser.PATIENCE * 0) is None

    def test_a_connection_that_says_nothing_holds_up_no_other(self):
        with (
            listening() as listener,
            closing(HTTPConnection("127.0.0.1", listener.server_port)) as silent,
        ):
            silent.connect()

            call(listener.server_port, f"/state?token={JWT}")

            assert listener.wait(browser.PATIENCE) == JWT

    def test_the_answer_is_out_before_the_token_is_taken(self):
        with listening() as listener:
            answers = []
            thread = threading.Thread(
                target=lambda: answers.append(call(listener.server_port, f"/state?token={JWT}"))
            )
            thread.start()
            listener.wait(browser.PATIENCE)
        thread.join()

        assert answers[0][0] == 200

    def test_it_listens_on_this_machine_only_and_ends(self):
        with listening() as listener:
            address = listener.server_address
            port = listener.server_port

        assert address[0] == "127.0.0.1"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/state")
