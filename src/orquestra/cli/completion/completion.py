"""The command itself."""

from pathlib import Path

import click

_VARIABLE = "_ORQ_COMPLETE"  # release 1.1 has the same


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.option("--install", is_flag=True, help="Have the shell load it each time it starts.")
def completion(shell: str, install: bool) -> None:
    """Print the script that has a shell complete commands, options, logins and run ids.

    To try it in the shell that runs: `eval "$(orq completion bash)"`. With --install the script is
    saved, and for bash and zsh a line in ~/.bashrc or ~/.zshrc loads it.
    """
    script = _script(shell)
    if not install:
        click.echo(script)
        return
    from orquestra.cli.completion import installing

    for path in installing.install(shell, script=script, home=Path.home()):
        click.echo(f"Changed {path}")
    click.echo(f"Start a new {shell} to use it.")


def _script(shell: str) -> str:
    from click.shell_completion import get_completion_class

    from orquestra.cli.root import root

    generator = get_completion_class(shell)
    if generator is None:
        raise click.UsageError(f"click does not know {shell}")
    return generator(root, {}, "orq", _VARIABLE).source()
