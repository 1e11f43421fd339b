"""The list of saved logins."""

from datetime import UTC, datetime
from typing import Any

import click

from orquestra.cli import printing
from orquestra.sdk.configuration.config_file import read_configs, text_option
from orquestra.sdk.configuration.tokens import read_claims, token_problem
from orquestra.sdk.exceptions import InvalidTokenError
from orquestra.sdk.schema.configs import RuntimeConfiguration, RuntimeName

REMOTE = {RuntimeName.CE_REMOTE, RuntimeName.QE_REMOTE}
"""The kinds of runtimes that one logs in to."""


def show(*, as_json: bool) -> None:
    """Print what is saved, without asking any engine whether it accepts its token."""
    entries = [entry for entry in read_configs().values() if entry.runtime_name in REMOTE]
    logins = [describe(entry) for entry in entries]
    if as_json:
        printing.print_json({"logins": logins})
    elif not logins:
        click.echo("No remote configs available.")
        click.echo("Create new config using `orq login -s <remote uri>` command")
    else:
        click.echo("Stored Logins:")
        printing.print_table(
            ("Config Name", "Runtime", "Server URI", "Current Token"),
            [
                (login["name"], login["runtime"], login["uri"], "✓" if login["valid"] else "⨉")
                for login in logins
            ],
        )


def describe(entry: RuntimeConfiguration) -> dict[str, Any]:
    """One login as a document; `expires` is None where the token does not say it."""
    uri, token = (text_option(entry, option) for option in ("uri", "token"))
    return {
        "name": entry.config_name,
        "runtime": str(entry.runtime_name),
        "uri": uri,
        "valid": bool(uri) and token_problem(token) is None,
        "expires": printing.as_json(expiry(token)),
    }


def expiry(token: str) -> datetime | None:
    """When a token expires; None where that is not known."""
    try:
        return datetime.fromtimestamp(read_claims(token)["exp"], tz=UTC)
    except (InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
