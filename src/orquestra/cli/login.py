"""`orq login`."""

from typing import Any

import click


@click.command()
@click.option("-s", "--server", metavar="URI", help="Address of the Compute Engine.")
@click.option("-c", "--config", metavar="NAME", help="A saved login that gets a new token.")
@click.option("-t", "--token", metavar="TOKEN", help="Token from `orq engine token`.")
@click.option("-l", "--list", "show", is_flag=True, help="Show the saved logins instead.")
@click.option("--json", "as_json", is_flag=True, help="With --list: print one JSON document.")
@click.option("--ce", is_flag=True, hidden=True, help="Does nothing; for scripts of release 1.1.")
def login(
    server: str | None,
    config: str | None,
    token: str | None,
    show: bool,
    as_json: bool,
    ce: bool,  # noqa: ARG001 - accepted and ignored
) -> None:
    """Save the login of a Compute Engine, for use by programs and by this command."""
    if show:
        _show(as_json=as_json)
        return
    if (server is None) == (config is None):
        raise click.UsageError("Give either -s/--server or -c/--config.")
    if token is None:
        raise click.UsageError(
            "Give the token with -t/--token. The administrator of the Compute Engine makes one "
            "with `orq engine token --user <name>`."
        )
    _save(_address(server, config), token)


def _address(server: str | None, config: str | None) -> str:
    from orquestra.sdk import RuntimeConfig

    return server if server is not None else RuntimeConfig.load(config or "").uri


def _save(server: str, token: str) -> None:
    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure
    from orquestra.sdk import RuntimeConfig
    from orquestra.sdk.exceptions import ExpiredTokenError, InvalidTokenError
    from orquestra.sdk.tokens import check_token

    try:
        check_token(token)
    except (ExpiredTokenError, InvalidTokenError) as error:
        expired = isinstance(error, ExpiredTokenError)
        raise Failure(
            f"The auth token {'has expired' if expired else 'is not valid'}.",
            code=ExitCode.UNAUTHORIZED,
            hint="Please try logging in again.",
        ) from error
    try:
        saved = RuntimeConfig.ce(server, token)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--server") from error
    click.echo("Token saved in config file.")
    click.echo(f"Configuration name for {saved.uri} with runtime CE_REMOTE is '{saved.name}'.")


def _show(*, as_json: bool) -> None:
    from orquestra.cli import printing
    from orquestra.sdk import RuntimeConfig

    logins = [_describe(name) for name in RuntimeConfig.list_configs()]
    if as_json:
        printing.print_json({"logins": logins})
    elif not logins:
        click.echo(
            "No remote configs available. "
            "Create new config using `orq login -s <remote uri> -t <token>` command"
        )
    else:
        click.echo("Stored Logins:")
        printing.print_table(
            ("Config Name", "Runtime", "Server URI", "Current Token"),
            [
                (entry["name"], entry["runtime"], entry["uri"], "✓" if entry["valid"] else "⨉")
                for entry in logins
            ],
        )


def _describe(name: str) -> dict[str, Any]:
    from orquestra.sdk import RuntimeConfig
    from orquestra.sdk.exceptions import ExpiredTokenError, InvalidTokenError
    from orquestra.sdk.tokens import check_token

    config = RuntimeConfig.load(name)
    try:
        check_token(config.token)
        valid = True
    except (ExpiredTokenError, InvalidTokenError):
        valid = False
    return {"name": name, "runtime": "CE_REMOTE", "uri": config.uri, "valid": valid}
