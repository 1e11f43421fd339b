"""What is told of a run in a stream: each part says what is new since it was asked last."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

from orquestra.engine.database.tables import Run
from orquestra.engine.nodes import store as nodes
from orquestra.engine.nodes import views as node_views
from orquestra.engine.runs import reasons, snapshots, store, views
from orquestra.engine.runs.tasks import Task
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema import api

_DIGEST_SIZE = 8
_MOST_TASKS = 1000
"""In one event."""

UNKNOWN = ""
"""The digest of a part of which nothing is known yet."""


class News(NamedTuple):
    """One event: its data, JSON, and what is known of the part then, its digest or `UNKNOWN`."""

    data: str
    digest: str


class RunNow(NamedTuple):
    """A run, and why it has not begun; None if it has."""

    run: Run
    reason: str | None


class Part(Protocol):
    """One kind of events. `digest` names the state that was told last, whoever told it."""

    kind: ClassVar[str]
    digest: str

    async def news(self, now: RunNow) -> Sequence[News]:
        """What to tell, in this order; nothing where the state is the one of the digest."""
        ...


class Progress:
    """How far the run is. That it is over is told in every stream."""

    kind: ClassVar = "progress"

    def __init__(self, known: str) -> None:
        self.digest = known
        self._has_told = False

    async def news(self, now: RunNow) -> Sequence[News]:
        """The progress, where it has changed."""
        news = _news(views.progress(now.run, reason=now.reason))
        if news.digest == self.digest and (now.run.executing or self._has_told):
            return ()
        self._has_told = True
        return (news,)


class Tasks:
    """The tasks of the run: first all of them, then those that have changed; many in pieces."""

    kind: ClassVar = "tasks"

    def __init__(self, services: EngineServices, known: str) -> None:
        self.digest = known
        self._services = services
        self._told: Mapping[str, Task] | None = None

    async def news(self, now: RunNow) -> Sequence[News]:
        """The tasks that have changed, some in each."""
        seen = await _look_at_tasks(self._services, now.run, written=self._told is None)
        told, self._told = self._told, seen.tasks
        if seen.digest == self.digest:
            return ()
        if told is None:
            return seen.news
        # In a thread: there may be a hundred thousand, and others wait for their answers.
        return await asyncio.to_thread(_changes, seen, told)


class Nodes:
    """The pools of the run with their nodes, all of them."""

    kind: ClassVar = "nodes"

    def __init__(self, services: EngineServices, known: str) -> None:
        self.digest = known
        self._services = services

    async def news(self, now: RunNow) -> Sequence[News]:
        """The pools, where one of them or a node has changed."""
        news = await _look_at_nodes(self._services, now.run.id)
        return () if news.digest == self.digest else (news,)


async def look_at_run(services: EngineServices, run_id: str) -> RunNow:
    """A run as it is now, for those who follow it; raises `NotFound` where it is gone."""

    async def look() -> RunNow:
        async with services.database.reading() as session:
            run = await store.existing(session, run_id)
            return RunNow(run, await reasons.why_not_begun(session, run))

    return await services.looks.share(("run", run_id), look)


async def _look_at_nodes(services: EngineServices, run_id: str) -> News:
    async def look() -> News:
        async with services.database.reading() as session:
            run = await store.existing(session, run_id)
            pools, living = await store.pools(session, run), await nodes.during(session, run)
        return _news(api.PoolList(pools=node_views.pools(pools, living)))

    return await services.looks.share(("nodes", run_id), look)


@dataclass(frozen=True, kw_only=True)
class _Tasks:
    """The tasks of a run by their ids, what tells of all of them if that was asked for."""

    run: Run
    tasks: Mapping[str, Task]
    digest: str
    news: Sequence[News]


async def _look_at_tasks(services: EngineServices, run: Run, *, written: bool) -> _Tasks:
    async def look() -> _Tasks:
        recorded = await snapshots.read(services, run.id)
        return await asyncio.to_thread(_seen, recorded, written=written)

    return await services.looks.share(
        ("tasks", run.id, written), look, is_long=snapshots.is_long(run)
    )


def _seen(recorded: snapshots.Recorded, *, written: bool) -> _Tasks:
    tasks = {task.invocation_id: task for task in snapshots.tasks(recorded)}
    digest = _digest(repr(list(tasks.values())))
    news = _pieces(recorded.run, [*tasks.values()], digest, is_complete=True) if written else ()
    return _Tasks(run=recorded.run, tasks=tasks, digest=digest, news=news)


def _changes(seen: _Tasks, told: Mapping[str, Task]) -> Sequence[News]:
    changed = [task for name, task in seen.tasks.items() if told.get(name) != task]
    return _pieces(seen.run, changed, seen.digest, is_complete=False)


def _pieces(run: Run, tasks: Sequence[Task], digest: str, *, is_complete: bool) -> Sequence[News]:
    """Events that tell of some of the tasks; `is_complete`: of all."""
    starts = range(0, len(tasks) or 1, _MOST_TASKS)
    return [
        News(
            _written(run, tasks[start : start + _MOST_TASKS], is_new=is_complete and start == 0),
            # Who has only some of them is to be told all again.
            digest if start == starts[-1] else UNKNOWN,
        )
        for start in starts
    ]


def _written(run: Run, tasks: Sequence[Task], *, is_new: bool) -> str:
    told = [views.task_run(run, task) for task in tasks]
    return api.TaskChanges(is_complete=is_new, task_runs=told).model_dump_json(by_alias=True)


def _news(body: api.Body) -> News:
    data = body.model_dump_json(by_alias=True)
    return News(data, _digest(data))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_SIZE).hexdigest()
