"""The command itself."""

import click

from orquestra.cli.options import config_option_with, json_option


@click.command()
@click.argument("action", type=click.Choice(["auth", "list"]), required=False, metavar="[list]")
@click.option("-s", "--server", metavar="URI", help="Address of the Compute Engine.")
@config_option_with("A saved login that gets a new token.")
@click.option(
    "--name",
    metavar="NAME",
    help="With -s: save the login under this name (default: the address up to the first dot).",
)
@click.option(
    "-t", "--token", metavar="TOKEN", help="Save this token, without asking the Compute Engine."
)
@click.option("-l", "--list", "show", is_flag=True, help="Show the saved logins, as `list` does.")
@json_option
@click.option("--ce", is_flag=True, hidden=True, help="Does nothing; for scripts of release 1.1.")
def login(
    action: str | None,
    server: str | None,
    config: str | None,
    name: str | None,
    token: str | None,
    show: bool,
    as_json: bool,
    ce: bool,  # noqa: ARG001 - accepted and ignored
) -> None:
    """Log in to a Compute Engine, for programs and for this command.

    Without -t/--token the browser opens the login page of the Compute Engine. `orq login list`
    shows the logins that are saved.
    """
    from orquestra.cli.login import browser, engines, listing

    if show or action == "list":
        listing.show(as_json=as_json)
        return
    if (server is None) == (config is None):
        raise click.UsageError("Give either -s/--server or -c/--config.")
    if name is not None and server is None:
        raise click.UsageError("--name goes with -s/--server; -c/--config is a name already.")
    engine = engines.new(server or "", name=name) if config is None else engines.saved(config)
    if token is None:
        token = browser.get_token(engine.uri, as_json=as_json)
    if token is not None:
        engines.save(engine, token=token, as_json=as_json)
