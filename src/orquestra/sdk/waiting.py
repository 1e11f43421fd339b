"""Waiting for the end of a run, on the events that its engine sends."""

import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.compute_engine import ComputeEngine
from orquestra.sdk.exceptions import NotFoundError, RayNotRunningError, RemoteConnectionError
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import UNKNOWN_STATE, State

ENGINE_AWAY = timedelta(minutes=5)
RECONNECT_PAUSE = timedelta(milliseconds=500)


def wait_for_end(
    engine: ComputeEngine, run_id: str, *, pause: timedelta, verbose: bool
) -> api.RunProgress:
    """How a run has ended, as soon as it has; of one that succeeded, the results can be read.

    `pause` is the least time between two lines of progress; and between two questions, where the
    engine is of a release that sends no events.

    Raises:
        WorkflowRunNotFoundError: there is none of that id.
        RemoteConnectionError: the engine stayed away for five minutes.
        RayNotRunningError: the local runtime did.
    """
    lines = _Lines(run_id, pause=pause, verbose=verbose)
    answered = time.monotonic()
    while True:
        succeeded = None
        try:
            for progress in _progress(engine, run_id, pause=pause):
                answered = time.monotonic()
                ended = has_ended(progress.state)
                lines.show(progress, now=ended)
                succeeded = progress if progress.state is State.SUCCEEDED else None
                if ended and not succeeded:
                    return progress  # tasks that had started may go on, and the stream with them
            if succeeded:  # a stream that ends earlier, or says nothing, is of an engine that stops
                return succeeded
        except (RemoteConnectionError, RayNotRunningError) as error:
            if time.monotonic() - answered > ENGINE_AWAY.total_seconds():
                raise
            lines.tell(f"{error} Trying again.")
        time.sleep(RECONNECT_PAUSE.total_seconds())


def has_ended(state: State) -> bool:
    """Whether nothing more will happen; a state that this release does not know goes on."""
    if state is State.UNKNOWN:
        warn_user(UNKNOWN_STATE)  # for the user's line, which `is_completed` cannot see from here
        return False
    return state.is_completed()


def _progress(engine: ComputeEngine, run_id: str, *, pause: timedelta) -> Iterator[api.RunProgress]:
    """What the engine tells; or, where it tells nothing, what it answers again and again."""
    try:
        yield from engine.events(run_id)
    except NotFoundError:
        progress = engine.progress(run_id)
        yield progress
        while progress.state is not State.SUCCEEDED:
            time.sleep(pause.total_seconds())
            progress = engine.progress(run_id)
            yield progress


class _Lines:
    """What the user sees meanwhile: warnings, progress where it changes, an engine that is away."""

    def __init__(self, run_id: str, *, pause: timedelta, verbose: bool) -> None:
        self._run_id = run_id
        self._pause = pause.total_seconds()
        self._verbose = verbose
        self._told: set[str] = set()
        self._last_line = ""
        self._shown_at = float("-inf")

    def show(self, progress: api.RunProgress, *, now: bool) -> None:
        """Say what the engine noticed, and how far the run is, unless that was said just before.

        What is left out comes later, as an engine repeats itself every few seconds.
        """
        for warning in progress.warnings:
            if warning not in self._told:
                self.tell(warning)
                self._told.add(warning)
        moment = time.monotonic()
        if now or moment - self._shown_at >= self._pause:
            self.tell(_line(self._run_id, progress))
            self._shown_at = moment

    def tell(self, line: str) -> None:
        """Say something, unless it was said last."""
        if self._verbose and line != self._last_line:
            print(line, file=sys.stderr, flush=True)  # noqa: T201 - the user's terminal
            self._last_line = line


def _line(run_id: str, progress: api.RunProgress) -> str:
    message = f": {progress.message}" if progress.message else ""
    return (
        f"{run_id} is {progress.state.value}, "
        f"{progress.completed_tasks} of {progress.total_tasks} tasks done{message}"
    )
