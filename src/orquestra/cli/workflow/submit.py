"""`orq wf submit`."""

import click

from orquestra.cli.workflow.options import config_option, json_option


@click.command()
@click.argument("module")
@click.argument("name", required=False)
@config_option
@click.option("-w", "--workspace-id", metavar="ID", help="Workspace that the run belongs to.")
@click.option("-p", "--project-id", metavar="ID", help="Project that the run belongs to.")
@json_option
def submit(
    module: str,
    name: str | None,
    config: str | None,
    workspace_id: str | None,
    project_id: str | None,
    as_json: bool,
) -> None:
    """Run the workflow NAME of MODULE, a dotted name or a path of a Python file.

    NAME may be left out where the module has one workflow only.
    """
    from orquestra.cli.logins import choose
    from orquestra.cli.printing import print_json
    from orquestra.cli.workflow.building import build
    from orquestra.cli.workflow.modules import find_workflow
    from orquestra.sdk import WorkflowRun

    chosen = choose(config)
    definition = build(find_workflow(module, name=name))
    run = WorkflowRun.start_from_ir(
        definition, chosen, workspace_id=workspace_id, project_id=project_id
    )
    for warning in run.get_status_model().warnings:
        click.echo(f"warning: {warning}", err=True)
    if as_json:
        print_json({"run_id": run.run_id, "config": chosen.name})
    else:
        click.secho("Workflow Submitted!", fg="green", nl=False)
        click.echo(" Run ID: " + click.style(run.run_id, bold=True))
