"""`orq login`."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from orquestra.sdk import RuntimeConfig


@click.command()
@click.option("-s", "--server", metavar="URI", help="Address of the Compute Engine.")
@click.option("-c", "--config", metavar="NAME", help="A saved login that gets a new token.")
@click.option(
    "--name",
    metavar="NAME",
    help="With -s: save the login under this name (default: the address up to the first dot).",
)
@click.option("-t", "--token", metavar="TOKEN", help="Token from `orq engine token`.")
@click.option("-l", "--list", "show", is_flag=True, help="Show the saved logins instead.")
@click.option("--json", "as_json", is_flag=True, help="With --list: print one JSON document.")
@click.option("--ce", is_flag=True, hidden=True, help="Does nothing; for scripts of release 1.1.")
def login(
    server: str | None,
    config: str | None,
    name: str | None,
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
    if name is not None and server is None:
        raise click.UsageError("--name goes with -s/--server; -c/--config is a name already.")
    if token is None:
        raise click.UsageError(
            "Give the token with -t/--token. The administrator of the Compute Engine makes one "
            "with `orq engine token --user <name>`."
        )
    _check(token)
    _save(_renewed(config, token) if config else _new(server or "", token=token, name=name))


def _check(token: str) -> None:
    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure
    from orquestra.sdk.configuration.tokens import check_token
    from orquestra.sdk.exceptions import ExpiredTokenError, InvalidTokenError

    try:
        check_token(token)
    except (ExpiredTokenError, InvalidTokenError) as error:
        expired = isinstance(error, ExpiredTokenError)
        raise Failure(
            f"The auth token {'has expired' if expired else 'is not valid'}.",
            code=ExitCode.UNAUTHORIZED,
            hint="Please try logging in again.",
        ) from error


def _renewed(name: str, token: str) -> "RuntimeConfig":
    """The saved login with another token. Of the old one only the address is read."""
    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure
    from orquestra.sdk import RuntimeConfig
    from orquestra.sdk.configuration.config_file import read_config

    uri = read_config(name).runtime_options.get("uri")
    if not uri:
        raise Failure(
            f"the login {name!r} has no address",
            code=ExitCode.USAGE,
            hint=f"`orq login -s <server> --name {name} -t <token>` replaces it",
        )
    return RuntimeConfig.unsaved(name=name, uri=uri, token=token)


def _new(server: str, *, token: str, name: str | None) -> "RuntimeConfig":
    from orquestra.sdk import RuntimeConfig
    from orquestra.sdk.configuration.config import config_name_of

    try:
        derived = config_name_of(server)
    except ValueError as error:
        if name is None:
            hint = "Or give it a name of your own with --name."
            raise click.BadParameter(f"{error} {hint}", param_hint="--server") from error
        derived = name
    chosen = name or _unless_taken(derived, server)
    return RuntimeConfig.unsaved(name=chosen, uri=server, token=token)


def _unless_taken(name: str, server: str) -> str:
    """The name; where another engine has it, the one under which this engine is saved already."""
    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure
    from orquestra.sdk.configuration.config import is_taken
    from orquestra.sdk.configuration.config_file import read_configs

    if not is_taken(name, uri=server):
        return name
    saved = read_configs()
    for other, entry in saved.items():
        if entry.runtime_options.get("uri") == server:
            return other
    raise Failure(
        f"another Compute Engine is saved as {name!r}: {saved[name].runtime_options['uri']}",
        code=ExitCode.USAGE,
        hint=f"keep both with `--name <another name>`, or replace it with `--name {name}`",
    )


def _save(config: "RuntimeConfig") -> None:
    from orquestra.sdk.configuration.config import save_login

    try:
        save_login(config)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--name") from error
    click.echo("Token saved in config file.")
    click.echo(f"Configuration name for {config.uri} with runtime CE_REMOTE is '{config.name}'.")


def _show(*, as_json: bool) -> None:
    from orquestra.cli import printing
    from orquestra.sdk.configuration.config import saved_logins

    logins = [_describe(name) for name in saved_logins()]
    if as_json:
        printing.print_json({"logins": logins})
    elif not logins:
        click.echo("No login is saved. Log in with `orq login -s <server> -t <token>`.")
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
    from orquestra.sdk.configuration.config_file import read_config
    from orquestra.sdk.configuration.tokens import check_token
    from orquestra.sdk.exceptions import ExpiredTokenError, InvalidTokenError

    options = read_config(name).runtime_options
    uri = options.get("uri") or ""
    try:
        check_token(options.get("token") or "")
        valid = bool(uri)
    except (ExpiredTokenError, InvalidTokenError):
        valid = False
    return {"name": name, "runtime": "CE_REMOTE", "uri": uri, "valid": valid}
