"""Logging in through the browser, which brings the token to this machine."""

import webbrowser
from datetime import timedelta

import click
import httpx

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.login.listener import listening
from orquestra.cli.printing import print_json
from orquestra.cli.viewers import has_screen

PATIENCE = timedelta(seconds=60)
_ANSWER_LIMIT = timedelta(seconds=20)


def get_token(uri: str, *, as_json: bool) -> str | None:
    """Have the user log in; None where no token came, and it was printed how to go on.

    That is the answer of the command then. As JSON it is a document, and the sentences go to
    standard error.

    Raises:
        Failure: the engine cannot be reached, or it has no login page.
    """
    token = None
    with listening() as listener:
        page = login_page(uri, port=listener.server_port)
        listener.login_page = page
        if _opens(page):
            click.echo(
                "Continue the login process in your web browser. Press [ctrl-c] to cancel.\n"
                f"If it shows no login page, open {page}",
                err=True,
            )
            try:
                token = listener.wait(PATIENCE)
            except KeyboardInterrupt:
                click.echo("\ncancelled", err=True)  # the terminal has written ^C
    if token is None:
        click.echo(
            "We were unable to automatically log you in.\n"
            "Please login to your Orquestra account using the following URL.\n"
            f"{page}\n"
            "Then save the token using command:\n"
            f"orq login -s {uri} -t <paste your token here>",
            err=as_json,
        )
        if as_json:
            print_json({"saved": False, "login_url": page})
    return token


def login_page(uri: str, *, port: int) -> str:
    """The address of the engine's login page, which is to bring the token to the port.

    Raises:
        Failure: the engine cannot be reached, or it has no login page.
    """
    try:
        # Without a login, and not following where it leads: that is the browser's work.
        answer = httpx.get(
            httpx.URL(uri).join("/api/login"),
            params={"port": port},
            timeout=_ANSWER_LIMIT.total_seconds(),
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Failure(
            f"The login URL for '{uri}' is unavailable: {error}",
            code=ExitCode.NO_CONNECTION,
            hint="Try checking your network connection and the cluster URL.",
        ) from error
    page = _page(answer)
    if page is None:
        raise Failure(
            f"{uri} has no login page: {_reason(answer)}",
            code=ExitCode.UNKNOWN,
            hint=f"get a token from its administrator: `orq login -s {uri} -t <token>`",
        )
    return str(page)


def _page(answer: httpx.Response) -> httpx.URL | None:
    """Where an answer leads; None where that is no web page."""
    if answer.is_error or "Location" not in answer.headers:
        return None
    try:
        page = answer.url.join(answer.headers["Location"])
    except httpx.InvalidURL:
        return None
    return page if page.scheme in {"http", "https"} else None


def _reason(answer: httpx.Response) -> str:
    """The engine's own words, where it is one."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, LookupError, TypeError):
        return f"it answered {answer.status_code} {answer.reason_phrase}"


def _opens(page: str) -> bool:
    try:
        return has_screen() and webbrowser.open(page)
    except webbrowser.Error:
        return False
