"""`orq wf stop`."""

import click

from orquestra.cli.options import config_option, json_option, run_id_argument


@click.command()
@run_id_argument
@config_option
@click.option(
    "--force/--no-force",
    default=None,
    help="Whether to end tasks at once (default: the Compute Engine decides).",
)
@json_option
def stop(run_id: str | None, config: str | None, force: bool | None, as_json: bool) -> None:
    """Stop a run. One that is over already stays as it is."""
    from orquestra.cli.logins import find_run
    from orquestra.cli.printing import print_json

    run = find_run(run_id, config=config)
    run.stop(force=force)
    if as_json:
        print_json({"run_id": run.run_id, "state": run.get_status().value})
    else:
        click.echo(f"Workflow run {run.run_id} stopped.")
