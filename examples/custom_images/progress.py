"""What is going on in a run, while it goes on: a live table, or plain lines without a terminal."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from labels import task_labels
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

import orquestra.sdk as sdk  # noqa: PLR0402 - the usual way to write it
from orquestra.sdk.schema import api, workflow_run

INTERVAL = timedelta(seconds=0.5)
FINAL_NODE_STATES = ("STOPPED", "FAILED")
MARKS = {"SUCCEEDED": ("✓", "green"), "RUNNING": ("▶", "cyan"), "WAITING": ("·", "dim")}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A run and its nodes at one time."""

    run: workflow_run.WorkflowRun
    pools: Sequence[api.Pool]
    elapsed: float

    @property
    def is_quiet(self) -> bool:
        """Whether the run has ended and all its nodes are gone."""
        nodes_gone = all(
            node.state in FINAL_NODE_STATES for pool in self.pools for node in pool.nodes
        )
        return self.run.status.state.is_completed() and nodes_gone


def follow(run: sdk.WorkflowRun, *, limit: timedelta) -> Moment:
    """Show a run until it has ended and its nodes are gone, or until the limit; its last moment."""
    console = Console()
    if not console.is_terminal:
        return _poll(run, limit=limit, show=_PlainLines())
    with Live(console=console, auto_refresh=False) as live:
        return _poll(
            run, limit=limit, show=lambda moment: live.update(_render(moment), refresh=True)
        )


def _poll(run: sdk.WorkflowRun, *, limit: timedelta, show: Callable[[Moment], None]) -> Moment:
    start = time.monotonic()
    while True:
        elapsed = time.monotonic() - start
        moment = Moment(run=run.get_status_model(), pools=run.get_nodes(), elapsed=elapsed)
        show(moment)
        if moment.is_quiet or elapsed > limit.total_seconds():
            return moment
        time.sleep(INTERVAL.total_seconds())


class _PlainLines:
    """Prints a line whenever something has changed."""

    def __init__(self) -> None:
        self._said: str | None = None

    def __call__(self, moment: Moment) -> None:
        tasks = Counter(task.status.state.value for task in moment.run.task_runs)
        nodes = ", ".join(f"{_name(pool)} {_count(pool)}" for pool in reversed(moment.pools))
        counted = ", ".join(f"{number} {state.lower()}" for state, number in sorted(tasks.items()))
        line = f"{moment.run.status.state.value:9}  nodes: {nodes}  tasks: {counted}"
        if line != self._said:
            print(f"{moment.elapsed:5.0f} s  {line}", flush=True)
            self._said = line


def _render(moment: Moment) -> Group:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for column in ("image", "nodes", "", "tasks"):
        table.add_column(column, header_style="dim")
    labels = task_labels(moment.run.workflow_def)
    # The engine lists what comes last in a workflow first.
    for pool in reversed(moment.pools):
        table.add_row(_name(pool), _bar(pool), _count(pool), _tasks(moment, pool, labels))
    head = Text.assemble(
        (moment.run.id, "bold"), f"  {moment.run.status.state.value}  {moment.elapsed:.0f} s"
    )
    return Group(head, table)


def _bar(pool: api.Pool) -> Text:
    """A box for each node that may be: full when ready, half while starting or stopping."""
    states = sorted(node.state for node in pool.nodes if node.state not in FINAL_NODE_STATES)
    boxes = [("■", "green") if state == "READY" else ("▨", "yellow") for state in states]
    free = [("□", "dim")] * (pool.max_nodes - len(boxes))
    return Text.assemble(*sorted(boxes), *free)


def _count(pool: api.Pool) -> str:
    living = sum(node.state not in FINAL_NODE_STATES for node in pool.nodes)
    return f"{living} of {pool.max_nodes}"


def _tasks(moment: Moment, pool: api.Pool, labels: dict[str, str]) -> Text:
    parts = []
    for task in reversed(moment.run.task_runs):
        if _pool_of(moment, task.invocation_id) is pool:
            mark, style = MARKS.get(task.status.state.value, ("✗", "red"))
            parts.append((f"{mark}\N{NO-BREAK SPACE}{labels[task.invocation_id]}  ", style))
    return Text.assemble(*parts)


def _pool_of(moment: Moment, invocation_id: str) -> api.Pool | None:
    """The pool of a task's image; tasks without one of their own use the remaining pool."""
    invocations = moment.run.workflow_def.task_invocations
    asked_for = {invocation.custom_image for invocation in invocations.values()}
    image = invocations[invocation_id].custom_image
    by_image = {pool.image: pool for pool in moment.pools}
    remaining = (pool for pool in moment.pools if pool.image not in asked_for)
    return by_image.get(image or "") or next(remaining, None)


def _name(pool: api.Pool) -> str:
    return pool.image.rpartition("/")[2]
