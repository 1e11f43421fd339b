"""`orq secret set`."""

import click

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.options import config_option, json_option
from orquestra.cli.secret.options import name_argument, place, secret_store, workspace_option
from orquestra.cli.standard_input import read_hidden

_BASE64 = "save it in base64, and decode it in the task"


@click.command("set")
@name_argument
@click.option(
    "--stdin",
    "from_stdin",
    is_flag=True,
    help="Read the value from standard input, to its end; a line break there does not count.",
)
@config_option
@workspace_option
@json_option
def set_secret(
    name: str, from_stdin: bool, config: str | None, workspace_id: str | None, as_json: bool
) -> None:
    """Save a secret, in place of one that has the name already. Its value is asked for."""
    from orquestra.cli.printing import print_json
    from orquestra.sdk.schema.secrets import NAME_RULE, is_name

    if not is_name(name):
        raise click.BadParameter(NAME_RULE, param_hint="NAME")
    store = secret_store(config, workspace_id=workspace_id)
    value = read_hidden("the value", hint=_BASE64) if from_stdin else _ask(name)
    store.set(name, value)
    if as_json:
        print_json({"name": name})
    else:
        click.echo(f"Secret {name} saved in {place(workspace_id)}.")


def _ask(name: str) -> str:
    from orquestra.cli import prompts

    if not prompts.is_interactive():
        raise Failure(
            f"there is no terminal to ask on for the value of {name}",
            code=ExitCode.UNKNOWN,
            hint=f"pipe it in: `... | orq secret set {name} --stdin`",
        )
    try:
        return str(click.prompt(f"Value of {name}", hide_input=True, err=True))
    except click.Abort:
        prompts.cancel()
