"""What happens to a run, a line each: `orq wf watch` in pipes and files."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from orquestra.sdk.runs.progress_displays import in_words
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State

if TYPE_CHECKING:
    from orquestra.sdk.runs.live import RunSnapshot


class Lines:
    """Prints changes. Of tasks that wait for the same there may be thousands: one line for all."""

    def __init__(self, run_id: str, *, name_function: Callable[[str], str]) -> None:
        self._run_id = run_id
        self._name_function = name_function
        self._nodes: dict[str, str] = {}

    def show(self, snapshot: "RunSnapshot") -> None:
        """Print what has changed."""
        news = snapshot.news
        if isinstance(news, api.RunProgress):
            click.echo(in_words(self._run_id, news))
        elif isinstance(news, api.TaskChanges):
            self._show_tasks(news.task_runs)
        else:
            self._show_nodes(news.pools)

    def _show_tasks(self, tasks: Iterable[api.TaskRun]) -> None:
        waiting: defaultdict[str, list[str]] = defaultdict(list)
        for task in tasks:
            name = f"{self._name_function(task.invocation_id)} ({task.invocation_id})"
            if task.status is None or task.status.state is State.WAITING:
                message = task.status.message if task.status else None
                waiting[message or ""].append(name)
            else:
                click.echo(_sentence(name, task.status.state.value, task.status.message))
        for message, names in waiting.items():
            what = names[0] if len(names) == 1 else f"{len(names)} tasks"
            click.echo(_sentence(what, "WAITING", message, verb="is" if len(names) == 1 else "are"))

    def _show_nodes(self, pools: Iterable[api.Pool]) -> None:
        for pool in pools:
            for node in pool.nodes:
                if self._nodes.get(node.id) != node.state:
                    self._nodes[node.id] = node.state
                    name = f"node {node.id} of image {pool.image}"
                    click.echo(_sentence(name, node.state, node.message))


def _sentence(what: str, state: str, message: str | None, *, verb: str = "is") -> str:
    return f"{what} {verb} {state}{f': {message}' if message else ''}"
