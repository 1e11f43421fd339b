"""The stream of events by which clients follow the lines of a run."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from orquestra.engine.clusters import store as clusters
from orquestra.engine.http.server_sent import event, sign_of_life
from orquestra.engine.logs.arrivals import START, Batch, Position
from orquestra.engine.logs.storage import LogStorage, StoredLine
from orquestra.engine.runs import store as runs
from orquestra.engine.runs import views
from orquestra.engine.services import EngineServices
from orquestra.engine.streams.changes import Watch
from orquestra.engine.streams.connections import Connection, Pause, StillMaySee, always
from orquestra.sdk.schema import api
from orquestra.sdk.schema.cluster import LogKind

_MOST_TEXT = 1 << 16
_AROUND_TEXT = 150
"""Bytes of an event that are not its text: of an empty line there are no fewer."""

_MOST_ARRIVALS = 1 << 20
"""Bytes that are read at once."""


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """After lines nothing more for a `pause`; a comment where nothing was told for a `beat`.

    Lines may come after the end of a run, from what is taken away then. They are told until
    nothing of it is left, which is looked at each time to `linger`, but only for a time to
    `settle`. Where other runs go on, until none has come for a time to `linger`.
    """

    pause: timedelta = timedelta(milliseconds=50)
    beat: timedelta = timedelta(seconds=15)
    linger: timedelta = timedelta(seconds=1)
    settle: timedelta = timedelta(minutes=1)


_RHYTHM = Rhythm()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which lines are followed: those of some kinds, and of the tasks' either all or one's."""

    kinds: frozenset[LogKind] = frozenset(LogKind)
    invocation_id: str | None = None

    def has(self, batch: Batch) -> bool:
        """Whether the lines of a batch are among them."""
        if batch.kind not in self.kinds:
            return False
        is_task = batch.kind is LogKind.TASK
        return not is_task or self.invocation_id in (None, batch.invocation_id)


class Line(NamedTuple):
    """A line of a source, and where who has read it is."""

    position: Position
    batch: Batch
    stored: StoredLine


class Piece(NamedTuple):
    """Some lines, where who has read them is, and whether there were no more."""

    lines: list[Line]
    position: Position
    is_last: bool


async def stream(
    services: EngineServices,
    run_id: str,
    *,
    wanted: Wanted,
    after: Position = START,
    rhythm: Rhythm = _RHYTHM,
    still_may_see: StillMaySee = always,
) -> AsyncGenerator[str, None]:
    """Server-sent events: the lines that there are after a position, and those that come.

    It ends, with the event `end`, once the run is over and all is told; without, when the engine
    stops, and when the reader may not see the run any more, which is asked once a beat. A reader
    that is slow holds up nothing but itself.
    """
    connection = Connection(services.changes, beat=rhythm.beat, still_may_see=still_may_see)
    with (
        services.changes.watching(run_id) as of_run,
        services.logs.changes.watching(run_id, Watch(beside=of_run)) as of_lines,
    ):
        seen = await _look(services, run_id, rhythm)  # before the lines, which come meanwhile
        while await connection.lasts():
            told, piece = await services.logs.aside(
                partial(_told, services.logs, run_id, wanted, after)
            )
            after = piece.position
            if told or connection.is_quiet():
                yield told or sign_of_life(str(after))
                connection.spoke()
            if not piece.is_last:
                continue
            within = rhythm.linger if seen.is_over else connection.left()
            if seen.is_silent or (not await of_lines.changed(within=within) and seen.may_end):
                yield event("end", seen.progress)
                return
            if seen.is_over or of_run.take():
                seen = await _look(services, run_id, rhythm, before=seen)
            await asyncio.sleep(rhythm.pause.total_seconds())


def read_piece(storage: LogStorage, run_id: str, wanted: Wanted, after: Position) -> Piece:
    """Lines that are wanted, from a position on: at once no more than a reader can hold."""
    lines: list[Line] = []
    begin, text = after.entry, 0
    for start, end, batch in storage.arrivals(run_id).read(begin):
        if batch and wanted.has(batch):
            told = after.byte if start == after.entry else 0
            for byte, stored in storage.read_batch(run_id, batch, start=told):
                after = Position(start, byte)
                lines.append(Line(after, batch, stored))
                text += len(stored.text) + _AROUND_TEXT
                if text >= _MOST_TEXT:
                    return Piece(lines, after, is_last=False)
        after = Position(end, 0)
        if end - begin >= _MOST_ARRIVALS:
            return Piece(lines, after, is_last=False)
    return Piece(lines, after, is_last=True)


def _told(storage: LogStorage, run_id: str, wanted: Wanted, after: Position) -> tuple[str, Piece]:
    piece = read_piece(storage, run_id, wanted, after)
    return "".join(map(_event, piece.lines)), piece


class _Seen(NamedTuple):
    """How a run is, as lines are read after it was looked at.

    Where it `is_over`, lines come until it `is_silent`: nothing is left that could write one, or
    `patience` is. If nothing will ever say so, the stream `may_end` once they seem to have come.
    """

    progress: api.RunProgress
    is_over: bool
    is_silent: bool
    may_end: bool
    patience: Pause | None


async def _look(
    services: EngineServices, run_id: str, rhythm: Rhythm, *, before: _Seen | None = None
) -> _Seen:
    async with services.database.reading() as session:
        run = await runs.existing(session, run_id)
        cluster = await clusters.get(session, run.cluster_id)
    progress = views.progress(run)
    if run.executing:
        return _Seen(progress, is_over=False, is_silent=False, may_end=False, patience=None)
    ago = services.clock() - run.ended_at if run.ended_at else timedelta(0)
    patience = before.patience if before else None
    # By the time that passes here as well: the clock may be set, and heads have their own.
    patience = patience or Pause(min(rhythm.settle, rhythm.settle - ago))
    is_gone = cluster is None or cluster.released or not cluster.head_launches
    return _Seen(
        progress,
        is_over=True,
        is_silent=is_gone or patience.is_over(),
        may_end=cluster is not None and cluster.shared,
        patience=patience,
    )


def _event(line: Line) -> str:
    stored = line.stored
    told = api.RunLogLine(
        kind=line.batch.kind.value,
        invocation_id=line.batch.invocation_id,
        node_id=stored.node_id,
        stream=stored.stream.value,
        at=datetime.fromtimestamp(stored.at, UTC),
        text=stored.text,
    )
    return event("line", told, identifier=str(line.position))
