"""The Compute Engine that a login is for: an address, a name to save it under."""

import shlex
import warnings
from dataclasses import dataclass
from urllib.parse import urlsplit

import click

from orquestra.cli import printing, prompts
from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.login.listing import REMOTE
from orquestra.sdk import RuntimeConfig
from orquestra.sdk.configuration.config import config_name_of, save_login
from orquestra.sdk.configuration.config_file import read_configs, text_option
from orquestra.sdk.configuration.config_names import RESERVED_NAMES
from orquestra.sdk.configuration.tokens import token_problem
from orquestra.sdk.exceptions import RuntimeConfigError
from orquestra.sdk.schema.configs import RuntimeConfiguration, RuntimeName

_LOCAL = {RuntimeName.RAY_LOCAL, RuntimeName.IN_PROCESS}


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What is logged in to; without a name the address decides it, and what is saved already."""

    uri: str
    name: str | None


def new(uri: str, *, name: str | None) -> Engine:
    """The engine at an address.

    Raises:
        BadParameter: it is no address, or the name is none, or none can be made of the address.
    """
    uri = _normal(uri)
    name = None if name is None else name.strip()
    try:
        config_name_of(uri)
    except RuntimeConfigError as error:
        raise click.BadParameter(str(error), param_hint="--server") from error
    except ValueError as error:
        if name is None:
            hint = "Or give it a name of your own with --name."
            raise click.BadParameter(f"{error} {hint}", param_hint="--server") from error
    if not _has_possible_port(uri):
        raise click.BadParameter(
            f"The port in {uri!r} is no number from 1 to 65535.", param_hint="--server"
        )
    if name == "":
        raise click.BadParameter("The name is empty.", param_hint="--name")
    if name in RESERVED_NAMES:
        raise click.BadParameter(
            f"{name!r} means a local runtime. Choose another name.", param_hint="--name"
        )
    return Engine(uri=uri, name=name)


def saved(name: str) -> Engine:
    """The engine of a saved login; another one is chosen where that name is of none.

    Raises:
        Failure: the login has no address, or nobody can be asked for another name.
    """
    entries = read_configs()
    remote = {
        name: entry
        for name, entry in entries.items()
        if entry.runtime_name in REMOTE and name not in RESERVED_NAMES
    }
    if name not in remote:
        name = _chosen_instead(name, choices=list(remote), entry=entries.get(name))
    entry = remote[name]
    uri = text_option(entry, "uri")
    if not uri:
        raise Failure(
            f"the login {name!r} has no address",
            code=ExitCode.USAGE,
            hint=f"`orq login -s <server> --name {name}` replaces it",
        )
    if entry.runtime_name != RuntimeName.CE_REMOTE:
        _confirm_change(name, kind=str(entry.runtime_name), uri=uri)
    return Engine(uri=uri, name=name)


def save(engine: Engine, *, token: str, as_json: bool) -> None:
    """Save the login, and say under which name.

    Raises:
        Failure: the token is none, or has expired.
    """
    _check(token)
    with warnings.catch_warnings(record=True, action="always") as notes:
        config = _saved(engine, token=token)
    for note in notes:
        click.echo(f"note: {note.message}", err=True)
    if as_json:
        printing.print_json({"name": config.name, "runtime": "CE_REMOTE", "uri": config.uri})
        return
    click.echo("Token saved in config file.")
    click.echo(f"Configuration name for {config.uri} with runtime CE_REMOTE is '{config.name}'.")


def _saved(engine: Engine, *, token: str) -> RuntimeConfig:
    if engine.name is None:
        return RuntimeConfig.ce(engine.uri, token)
    config = RuntimeConfig.unsaved(name=engine.name, uri=engine.uri, token=token)
    save_login(config)
    return config


def _normal(uri: str) -> str:
    """An address with its scheme and host in small letters; what is none stays as it is."""
    try:
        parts = urlsplit(uri.strip())
    except ValueError:
        return uri
    return parts._replace(netloc=parts.netloc.lower()).geturl()


def _has_possible_port(uri: str) -> bool:
    try:
        return urlsplit(uri).port != 0
    except ValueError:
        return False


def _chosen_instead(name: str, *, choices: list[str], entry: RuntimeConfiguration | None) -> str:
    problem, code = f"No config '{name}' found in file.", ExitCode.USAGE
    if name in RESERVED_NAMES or (entry and entry.runtime_name in _LOCAL):
        problem = f"Cannot log in with '{name}' as it relates to local runs."
        code = ExitCode.LOCAL_LOGIN
    elif entry:
        problem = f"Cannot log in with '{name}' as it is of the kind {entry.runtime_name}."
    if not choices or not prompts.is_interactive():
        raise Failure(
            problem,
            code=code,
            hint=f"choose one of: {', '.join(choices)}" if choices else "use -s <server>",
        )
    title = f"{problem} Please select a valid config"
    return prompts.choose(
        title, dict(zip(choices, choices, strict=True)), instead="-c", confirm_single=True
    )


def _confirm_change(name: str, *, kind: str, uri: str) -> None:
    question = f"Config '{name}' will be changed from {kind} to CE_REMOTE. Continue?"
    instead = shlex.join(["-s", uri, "--name", name])
    if not prompts.confirm(question, default=True, instead=instead):
        prompts.cancel()


def _check(token: str) -> None:
    problem = token_problem(token)
    if problem is not None:
        raise Failure(
            f"The auth token {problem}.",
            code=ExitCode.UNAUTHORIZED,
            hint="Please try logging in again.",
        )
