"""`orq wf graph`."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orquestra.cli.completion import values
from orquestra.cli.options import config_option, json_option, parameters_option

if TYPE_CHECKING:
    from orquestra.sdk.schema import ir

_FORMATS = ("pdf", "svg", "png", "dot")


@click.command()
@config_option
@click.option(
    "--id",
    "run_id",
    metavar="RUN_ID",
    shell_complete=values.run_ids,
    help="Draw the workflow of this run.",
)
@click.option(
    "-m",
    "--module",
    metavar="MODULE",
    shell_complete=values.files,
    help="Draw a workflow of this module or file.",
)
@click.option(
    "-n",
    "--name",
    metavar="NAME",
    shell_complete=values.workflows,
    help="The workflow in the module.",
)
@parameters_option
@click.option(
    "-f",
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=f"Where to save the drawing, whose kind is the ending: {', '.join(_FORMATS)} "
    "(default: a PDF among the temporary files).",
)
@json_option
def graph(
    config: str | None,
    run_id: str | None,
    module: str | None,
    name: str | None,
    parameters: tuple[str, ...],
    file: Path | None,
    as_json: bool,
) -> None:
    """Draw the graph of a workflow in a Python module, or of a run.

    Calls of tasks are boxes, what they return are circles. The drawing is opened where there is a
    screen. It is made by `dot` of Graphviz; files that end in .dot need no such program.
    """
    from orquestra.cli.printing import print_json

    _check_exclusive(config=config, id=run_id, module=module, name=name)
    if parameters and (config or run_id):
        raise click.UsageError("--param is an argument of a module's workflow; a run has its own.")
    if not any((config, run_id, module, name)):
        module = _ask_for_module()
    if module or name:
        definition = _local(module, name=name, parameters=parameters)
    else:
        definition = _submitted(run_id, config=config)
    path = _save(definition, file=file)
    if as_json:
        print_json({"workflow": definition.name, "path": str(path)})
        return
    click.echo(f"Graph of {definition.name} saved at {path}")
    _show(path)


def _check_exclusive(**given: str | None) -> None:
    for one, other in (("config", "module"), ("config", "name"), ("id", "module"), ("id", "name")):
        if given[one] and given[other]:
            raise click.UsageError(f"--{one} is of a run and --{other} of a module: give one.")


def _ask_for_module() -> str:
    from orquestra.cli import prompts

    return prompts.text("Workflow module (empty for a run)", instead="-m MODULE or --id RUN_ID")


def _local(
    module: str | None, *, name: str | None, parameters: tuple[str, ...]
) -> "ir.WorkflowDef":
    from orquestra.cli import prompts
    from orquestra.cli.workflow.building import build
    from orquestra.cli.workflow.modules import find_workflow

    module = module or prompts.text("Workflow module", instead="-m MODULE")
    return build(find_workflow(module, name=name, instead="-n NAME"), parameters)


def _submitted(run_id: str | None, *, config: str | None) -> "ir.WorkflowDef":
    from orquestra.cli.logins import find_run

    return find_run(run_id, config=config).get_status_model().workflow_def


def _save(definition: "ir.WorkflowDef", *, file: Path | None) -> Path:
    from orquestra.cli.file_names import file_name

    path = file or Path(tempfile.mkdtemp(prefix="orquestra-")) / f"{file_name(definition.name)}.pdf"
    if not path.suffix:
        path = path.with_name(f"{path.name}.pdf")
    ending = path.suffix.removeprefix(".").lower()
    if ending not in _FORMATS:
        raise click.BadParameter(
            f"{path.name!r} does not end in one of: {', '.join(_FORMATS)}", param_hint="--file"
        )
    content = _drawn(definition, ending)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path.resolve()


def _drawn(definition: "ir.WorkflowDef", ending: str) -> bytes:
    import graphviz

    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure
    from orquestra.sdk.tracing.drawing import drawn

    graph = drawn(definition)
    if ending == "dot":
        return str(graph.source).encode()
    try:
        content: bytes = graph.pipe(format=ending)
    except graphviz.ExecutableNotFound as error:
        raise Failure(
            "the program `dot`, which makes drawings, is not installed",
            code=ExitCode.UNKNOWN,
            hint="install Graphviz (`apt install graphviz`, `brew install graphviz`), or save the "
            "graph as text: -f graph.dot",
        ) from error
    except graphviz.CalledProcessError as error:
        raise Failure(
            f"`dot` could not draw the graph: {error.stderr.decode(errors='replace').strip()}",
            code=ExitCode.UNKNOWN,
            hint="save the graph as text: -f graph.dot",
        ) from error
    return content


def _show(path: Path) -> None:
    from orquestra.cli.viewers import has_screen

    if path.suffix != ".dot" and _is_terminal() and has_screen():
        click.launch(str(path))


def _is_terminal() -> bool:
    return sys.stdout.isatty()
