"""The stream of events from which clients learn how far a run is.

Its parts are what is told of a run: its `progress`, and, of those who want them, its `tasks` and
`nodes`. A part says something where its state is not what was told before, be that by an earlier
stream: the id of an event holds a digest of each part, as far as they have been told. The last
event is `end`.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from orquestra.engine.http.server_sent import NOTHING_NEW, event, written
from orquestra.engine.runs import views
from orquestra.engine.runs.parts import (
    UNKNOWN,
    News,
    Nodes,
    Part,
    Progress,
    RunNow,
    Tasks,
    look_at_run,
)
from orquestra.engine.services import EngineServices
from orquestra.engine.streams.connections import Connection, Pause, StillMaySee, always


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How often something is said, but what is left at the end at once; a comment every `beat`.

    Progress once a `pause`; tasks and nodes less often. Nodes are looked at as often, since nobody
    tells of all their changes. To look at many tasks takes long: after it comes a rest, of `rest`
    times as long.
    """

    pause: timedelta = timedelta(milliseconds=50)
    tasks: timedelta = timedelta(milliseconds=300)
    nodes: timedelta = timedelta(seconds=1)
    beat: timedelta = timedelta(seconds=15)
    rest: int = 9


_RHYTHM = Rhythm()
_DIGEST = re.compile(r"[0-9a-f]{16}")


class _Turn:
    """When it is a part's turn: once something may have changed, but not before it has rested."""

    def __init__(self, part: Part, *, least: timedelta, rest: int, watched: bool = True) -> None:
        self.part = part
        self._least = least
        self._rest = rest
        self._watched = watched
        self._pending = True
        self._pause = Pause(timedelta(0))

    def call(self) -> None:
        self._pending = True

    def has_come(self) -> bool:
        return self._pending and self._pause.is_over()

    def left(self) -> timedelta | None:
        return self._pause.left() if self._pending else None

    async def take(self, now: RunNow) -> Sequence[News]:
        began = time.monotonic()
        news = await self.part.news(now)
        took = timedelta(seconds=time.monotonic() - began)
        # Who is not told of changes has a turn again and again.
        self._pending = not self._watched
        self._pause = Pause(max(self._least, took * self._rest))
        return news


async def stream(
    services: EngineServices,
    run_id: str,
    *,
    tasks: bool = False,
    known: str | None = None,
    rhythm: Rhythm = _RHYTHM,
    still_may_see: StillMaySee = always,
) -> AsyncGenerator[str, None]:
    """Server-sent events: how a run is now, and each time it has changed.

    `known` is the id of the last event that the reader has. The stream ends, with the event `end`,
    once nothing of the run executes any more, so that its results can be read; without, when the
    engine stops, and when the reader may not see the run any more, which is asked once a beat.
    """
    turns = _turns(services, tasks=tasks, known=known, rhythm=rhythm)
    connection = Connection(services.changes, beat=rhythm.beat, still_may_see=still_may_see)
    has_changed = True
    with services.changes.watching(run_id) as watch:
        while await connection.lasts():
            # Whatever has changed may be the end, which is told before the time of any turn; and
            # should nobody have told of it, it is seen at the next beat.
            is_time = has_changed or connection.is_quiet() or any(t.has_come() for t in turns)
            now = await look_at_run(services, run_id) if is_time else None
            for said in await _say(now, turns) if now else ():
                yield said
                connection.spoke()
                await asyncio.sleep(0)  # others have their turn although there is much to say
            if now and not now.run.executing:
                return
            if connection.is_quiet():
                yield NOTHING_NEW
                connection.spoke()
            pauses = [left for turn in turns if (left := turn.left()) is not None]
            has_changed = await watch.changed(within=min([*pauses, connection.left()]))
            if has_changed:
                for turn in turns:
                    turn.call()


def _turns(
    services: EngineServices, *, tasks: bool, known: str | None, rhythm: Rhythm
) -> Sequence[_Turn]:
    of_progress, of_nodes, of_tasks, *_ = _digests(known or "")
    rest = rhythm.rest
    turns = [_Turn(Progress(of_progress), least=rhythm.pause, rest=0)]
    if tasks:
        turns.append(_Turn(Nodes(services, of_nodes), least=rhythm.nodes, rest=rest, watched=False))
        turns.append(_Turn(Tasks(services, of_tasks), least=rhythm.tasks, rest=rest))
    return turns


def _digests(known: str) -> Iterator[str]:
    """Those of each part in the id of an event. They are told again, so nothing else is taken."""
    for told in [*known.split("."), "", ""]:
        yield told if _DIGEST.fullmatch(told) else UNKNOWN


async def _say(now: RunNow, turns: Sequence[_Turn]) -> Sequence[str]:
    """What is to be said now, in pieces, with the end where this is it."""
    said = [""]
    for turn in turns:
        if not turn.has_come() and now.run.executing:
            continue
        for number, news in enumerate(await turn.take(now)):
            if number:
                said.append("")
            turn.part.digest = news.digest
            identifier = ".".join(each.part.digest for each in turns)
            said[-1] += written(turn.part.kind, news.data, identifier=identifier)
            if turn is not turns[-1]:
                turns[-1].call()  # tasks that wait say what their nodes do
    if not now.run.executing:
        said[-1] += event("end", views.progress(now.run))
    return said if said[-1] else ()
