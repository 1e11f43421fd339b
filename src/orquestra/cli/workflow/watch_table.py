"""A table of the tasks of a run that changes with them: `orq wf watch` in a terminal."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from orquestra.cli.printing import duration, state_style
from orquestra.sdk.runs.progress_displays import in_words
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State

if TYPE_CHECKING:
    from orquestra.sdk.exceptions import OrquestraError
    from orquestra.sdk.runs.live import RunSnapshot

_REFRESHES = 4
"""Per second: the times of tasks that run go on."""

_OTHER_LINES = 8
"""Of the terminal: what is above and below the tasks, without the pools."""

_ORDER = (State.FAILED, State.ERROR, State.RUNNING, State.WAITING)


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """The tasks of a snapshot that there is room for, in order, and what is said of the others.

    Made once for a snapshot: of many tasks that takes long, and refreshes change times only.
    """

    snapshot: "RunSnapshot"
    room: int
    shown: Sequence[api.TaskRun]
    rest: Sequence[Text]


class LiveTable:
    """Shows the tasks that matter most, as many as there is room for, as long as it is entered."""

    def __init__(
        self,
        run_id: str,
        *,
        name_function: Callable[[str], str],
        console: Console | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._run_id = run_id
        self._name_function = name_function
        self._clock = clock
        self._snapshot: RunSnapshot | None = None
        self._choice: _Choice | None = None
        self._outage: OrquestraError | None = None
        self._away_since: datetime | None = None
        self._live = Live(
            get_renderable=self.render,
            console=console or Console(),
            refresh_per_second=_REFRESHES,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._live.stop()

    def show(self, snapshot: "RunSnapshot") -> None:
        """Take over what has changed; it is seen at the next refresh."""
        self._snapshot = snapshot

    def tell_outage(self, error: "OrquestraError | None") -> None:
        """Say above the tasks that nothing is known of them for now: their times stand still."""
        self._outage = error
        self._away_since = None if error is None else self._clock()

    def render(self) -> RenderableType:
        """What is seen now."""
        snapshot = self._snapshot
        if snapshot is None:
            return self._head(f"{self._run_id} …")
        choice = self._chosen(snapshot)
        return Group(
            self._head(in_words(self._run_id, snapshot.progress)),
            self._table(choice.shown),
            *choice.rest,
            *map(_pool_line, snapshot.pools),
        )

    def _head(self, words: str) -> Text:
        error = self._outage
        note = "" if error is None else f"\n{error} Trying again."
        return Text.assemble((words, "bold"), (note, "yellow"))

    def _chosen(self, snapshot: "RunSnapshot") -> _Choice:
        room = max(self._live.console.height - _OTHER_LINES - len(snapshot.pools), 1)
        known = self._choice
        if known is None or known.snapshot is not snapshot or known.room != room:
            tasks = snapshot.tasks.values()
            shown = heapq.nsmallest(room, tasks, key=_rank)
            rest = list(_rest(tasks, shown))
            known = self._choice = _Choice(snapshot=snapshot, room=room, shown=shown, rest=rest)
        return known

    def _table(self, tasks: Iterable[api.TaskRun]) -> Table:
        table = Table(
            "Task", "Invocation ID", "Status", "Time", "Message", box=box.SIMPLE_HEAD, expand=True
        )
        for column, ratio in zip(table.columns, (None, None, None, None, 1), strict=True):
            column.ratio, column.no_wrap, column.overflow = ratio, True, "ellipsis"
        for task in tasks:
            state = _state(task).value
            table.add_row(
                Text(self._name_function(task.invocation_id)),
                Text(task.invocation_id),
                Text(state, style=state_style(state)),
                _time(task, now=self._away_since or self._clock()),
                Text((task.status.message if task.status else None) or ""),
            )
        return table


def _state(task: api.TaskRun) -> State:
    return task.status.state if task.status else State.WAITING


def _rank(task: api.TaskRun) -> tuple[int, float]:
    """What failed and what runs comes first; of what has ended, the latest."""
    state = _state(task)
    if state in _ORDER:
        start = task.status.start_time if task.status else None
        return _ORDER.index(state), start.timestamp() if start else 0.0
    end = task.status.end_time if task.status else None
    return len(_ORDER), -end.timestamp() if end else 0.0


def _time(task: api.TaskRun, *, now: datetime) -> str:
    if task.status is None or task.status.start_time is None:
        return ""
    end = task.status.end_time or now
    return duration((end - task.status.start_time).total_seconds())


def _rest(tasks: Iterable[api.TaskRun], shown: Iterable[api.TaskRun]) -> Iterator[Text]:
    left = Counter(_state(task).value for task in tasks)
    left -= Counter(_state(task).value for task in shown)
    if left:
        yield Text(f"and {_counts(left)} more", style="dim")


def _pool_line(pool: api.Pool) -> Text:
    states = Counter(node.state for node in pool.nodes)
    return Text(f"nodes of {pool.image}: {_counts(states) or 'none yet'}", style="dim")


def _counts(counts: "Counter[Any]") -> str:
    return ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
