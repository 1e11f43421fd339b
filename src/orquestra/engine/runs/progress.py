"""The stream of events from which waiting clients learn how far a run is."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from orquestra.engine.dependencies import EngineServices
from orquestra.engine.errors import NotFound
from orquestra.engine.runs import store, views
from orquestra.sdk.schema import api


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How often something is said: once a `pause`, but the end at once; a comment every `beat`."""

    pause: timedelta = timedelta(milliseconds=50)
    beat: timedelta = timedelta(seconds=15)


_RHYTHM = Rhythm()


class _Pause:
    """The time after something was said in which nothing more is, but the end."""

    def __init__(self, length: timedelta) -> None:
        self._end = time.monotonic() + length.total_seconds()

    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def left(self) -> timedelta:
        return timedelta(seconds=max(0.0, self._end - time.monotonic()))


async def stream(
    services: EngineServices, run_id: str, *, rhythm: Rhythm = _RHYTHM
) -> AsyncIterator[str]:
    """Server-sent events: the progress now, and each time it has changed.

    It ends once nothing of the run executes any more, so that its results can be read; and when
    the engine stops.
    """
    told: api.RunProgress | None = None
    pause = _Pause(rhythm.pause)
    with services.changes.watching(run_id) as watch:
        while not services.changes.closed:
            progress, over = await _look(services, run_id)
            if progress != told and (over or told is None or pause.is_over()):
                yield f"event: progress\ndata: {progress.model_dump_json(by_alias=True)}\n\n"
                told = progress
                pause = _Pause(rhythm.pause)
            if over:
                return
            waiting = rhythm.beat if progress == told else pause.left()
            if not await watch.changed(within=waiting) and progress == told:
                yield ": nothing new\n\n"


async def _look(services: EngineServices, run_id: str) -> tuple[api.RunProgress, bool]:
    async with services.database.reading() as session:
        run = await store.get(session, run_id)
    if run is None:
        raise NotFound(f"There is no workflow run {run_id!r}.")
    return views.progress(run), not run.executing
