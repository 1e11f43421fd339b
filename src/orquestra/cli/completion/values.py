"""Names and ids that a shell offers for options and arguments.

A shell waits for these at a key press, and shows what goes wrong in the middle of what is typed.
So engines get a second at most, and nothing is said of what fails.
"""

import ast
import contextlib
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from pathlib import Path

import click
from click.shell_completion import CompletionItem

PATIENCE = timedelta(seconds=1)
_OFFERED_RUNS = 50


def config_names(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of saved logins, and of the local runtime."""
    return _beginning(incomplete, [(name, "") for name in _names()])


def states(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """States of runs."""
    from orquestra.sdk import State

    return _beginning(incomplete.upper(), [(state.value, "") for state in State])


def run_ids(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Recent runs on the login of `-c`, else on every one; with their states."""
    name = ctx.params.get("config")
    return _beginning(incomplete, _runs_on([name] if name else _names()))


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, which shells know themselves."""
    return [CompletionItem(incomplete, type="file")]


def workflows(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Workflows of the module that is given, as far as its text shows them; nothing is run."""
    module = ctx.params.get("module") or ""
    path = Path(module if module.endswith(".py") else f"{module.replace('.', '/')}.py")
    names: list[str] = []
    with contextlib.suppress(OSError, SyntaxError, ValueError):
        names = _decorated(ast.parse(path.read_bytes()))
    return _beginning(incomplete, [(name, "") for name in names])


def _decorated(module: ast.Module) -> list[str]:
    return [
        node.name
        for node in module.body
        if isinstance(node, ast.FunctionDef)
        and any(_is_workflow(decorator) for decorator in node.decorator_list)
    ]


def _is_workflow(decorator: ast.expr) -> bool:
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(named).rpartition(".")[2] == "workflow"


def _beginning(start: str, entries: Iterable[tuple[str, str]]) -> list[CompletionItem]:
    return [
        CompletionItem(value, help=help_text or None)
        for value, help_text in entries
        if value.startswith(start)
    ]


def _names() -> list[str]:
    from orquestra.cli.runtimes import known
    from orquestra.sdk.configuration.config_names import LOCAL_NAME

    with contextlib.suppress(Exception):  # of a file that cannot be read
        return [runtime.name for runtime in known()]
    return [LOCAL_NAME]


def _runs_on(names: list[str]) -> list[tuple[str, str]]:
    from orquestra.cli.at_once import ask_all

    answers = ask_all({name: partial(_recent_runs, name) for name in names}, limit=PATIENCE)
    # Those of an engine that is away, or refuses the login, are passed over.
    known = (answer.result() for _, answer in answers if answer.done() and not answer.exception())
    return [run for runs in known for run in runs]


def _recent_runs(name: str) -> list[tuple[str, str]]:
    from orquestra.sdk import list_workflow_run_summaries

    found = list_workflow_run_summaries(name, limit=_OFFERED_RUNS)
    return [(run.id, run.status.state.value) for run in found]
