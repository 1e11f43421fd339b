"""What is told of a run in a stream: each part says what is new since it was asked last."""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple, Protocol

from orquestra.engine.database.tables import Run
from orquestra.engine.nodes import store as nodes
from orquestra.engine.nodes import views as node_views
from orquestra.engine.runs import reasons, service, store, views
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


class Part(Protocol):
    """One kind of events. `digest` names the state that was told last, whoever told it."""

    kind: ClassVar[str]
    digest: str

    async def news(self, run: Run) -> Sequence[News]:
        """What to tell, in this order; nothing where the state is the one of the digest."""
        ...


class Progress:
    """How far the run is. That it is over is told in every stream."""

    kind: ClassVar = "progress"

    def __init__(self, services: EngineServices, known: str) -> None:
        self.digest = known
        self._services = services
        self._has_told = False

    async def news(self, run: Run) -> Sequence[News]:
        """The progress, where it has changed."""
        async with self._services.database.reading() as session:
            now = views.progress(run, reason=await reasons.why_not_begun(session, run))
        news = _news(now)
        if news.digest == self.digest and (run.executing or self._has_told):
            return ()
        self._has_told = True
        return (news,)


class Tasks:
    """The tasks of the run: first all of them, then those that have changed; many in pieces."""

    kind: ClassVar = "tasks"

    def __init__(self, services: EngineServices, known: str) -> None:
        self.digest = known
        self._services = services
        self._told: dict[str, Task] = {}
        self._sum = 0

    async def news(self, run: Run) -> Sequence[News]:
        """The tasks that have changed, some in each."""
        async with self._services.database.reading() as session:
            reason = await reasons.why_not_begun(session, run)
            tasks = await service.tasks(self._services, session, run, reason=reason)
        # In a thread: there may be a hundred thousand, and others wait for their answers.
        return await asyncio.to_thread(self._news, run, tasks)

    def _news(self, run: Run, tasks: Iterable[Task]) -> Sequence[News]:
        is_first = not self._told
        changed = self._take(tasks)
        digest = _digest(str(self._sum))
        if digest == self.digest:
            return ()
        pieces = [
            changed[start : start + _MOST_TASKS]
            for start in range(0, len(changed) or 1, _MOST_TASKS)
        ]
        # Who has only some of them is to be told all again.
        digests = [UNKNOWN] * (len(pieces) - 1) + [digest]
        return [
            News(_written(run, piece, is_complete=is_first and number == 0), known)
            for number, (piece, known) in enumerate(zip(pieces, digests, strict=True))
        ]

    def _take(self, tasks: Iterable[Task]) -> list[Task]:
        """Remember how tasks are; those that were different before."""
        changed = [task for task in tasks if self._told.get(task.invocation_id) != task]
        for task in changed:
            self._sum += _number(task) - _number(self._told.get(task.invocation_id))
            self._told[task.invocation_id] = task
        return changed


class Nodes:
    """The pools of the run with their nodes, all of them."""

    kind: ClassVar = "nodes"

    def __init__(self, services: EngineServices, known: str) -> None:
        self.digest = known
        self._services = services

    async def news(self, run: Run) -> Sequence[News]:
        """The pools, where one of them or a node has changed."""
        async with self._services.database.reading() as session:
            pools, living = await store.pools(session, run), await nodes.during(session, run)
        now = api.PoolList(pools=node_views.pools(pools, living))
        news = _news(now)
        return () if news.digest == self.digest else (news,)


def _news(body: api.Body) -> News:
    data = body.model_dump_json(by_alias=True)
    return News(data, _digest(data))


def _written(run: Run, tasks: Iterable[Task], *, is_complete: bool) -> str:
    told = [views.task_run(run, task) for task in tasks]
    return api.TaskChanges(is_complete=is_complete, task_runs=told).model_dump_json(by_alias=True)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_SIZE).hexdigest()


def _number(task: Task | None) -> int:
    """A number of a task as it is; their sum is that of all tasks, in whatever order."""
    return int(_digest(repr(task)), 16) if task else 0
