"""Waiting for the end of a run, on the events that its engine sends."""

import time
from collections.abc import Iterator
from datetime import timedelta

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    NotFoundError,
    OrquestraError,
    RayNotRunningError,
    RemoteConnectionError,
)
from orquestra.sdk.runs.progress_displays import Display, opened
from orquestra.sdk.runtime import Runtime
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import UNKNOWN_STATE, State

ENGINE_IS_AWAY = (RemoteConnectionError, RayNotRunningError)
RECONNECT_PAUSE = timedelta(milliseconds=500)
_LONGEST_SILENCE = timedelta(minutes=5)


class Silence:
    """How long an engine has said nothing, so that it is not asked for ever."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def end(self) -> None:
        """The engine has said something."""
        self._since = time.monotonic()

    def check(self, error: OrquestraError | None = None) -> None:
        """Raise the `error` for which it says nothing, or one for streams that end empty.

        Raises:
            BaseRuntimeError: it has said nothing for five minutes.
        """
        if time.monotonic() - self._since > _LONGEST_SILENCE.total_seconds():
            raise error or BaseRuntimeError(
                "The engine ends its streams of events without a word about the run. Look at its "
                "state, and at what is between it and here, then ask again: the run goes on."
            )


def wait_for_end(
    runtime: Runtime, run_id: str, *, pause: timedelta, verbose: bool
) -> api.RunProgress:
    """How a run has ended, as soon as it has; of one that succeeded, the results can be read.

    `pause` is the least time between two lines of progress; and between two questions, where the
    engine is of a release that sends no events.

    Raises:
        WorkflowRunNotFoundError: there is none of that id.
        RemoteConnectionError: the engine stayed away for five minutes.
        RayNotRunningError: the local runtime did.
        BaseRuntimeError: it said nothing of the run for as long.
    """
    with opened(run_id, pause=pause, verbose=verbose) as display:
        return _wait(runtime, run_id, pause=pause, display=display)


def _wait(runtime: Runtime, run_id: str, *, pause: timedelta, display: Display) -> api.RunProgress:
    warnings = _Warnings()
    silence = Silence()
    while True:
        succeeded = None
        try:
            for progress in _progress(runtime, run_id, pause=pause):
                silence.end()
                ended = has_ended(progress.state)
                warnings.tell(progress.warnings, on=display)
                display.show(progress, now=ended)
                succeeded = progress if progress.state is State.SUCCEEDED else None
                if ended and not succeeded:
                    return progress  # tasks that had started may go on, and the stream with them
            if succeeded:  # a stream that ends earlier, or says nothing, is of an engine that stops
                return succeeded
            silence.check()
        except ENGINE_IS_AWAY as error:
            silence.check(error)
            display.tell(f"{error} Trying again.")
        time.sleep(RECONNECT_PAUSE.total_seconds())


def has_ended(state: State) -> bool:
    """Whether nothing more will happen; a state that this release does not know goes on."""
    if state is State.UNKNOWN:
        warn_user(UNKNOWN_STATE)  # for the user's line, which `is_completed` cannot see from here
        return False
    return state.is_completed()


def _progress(runtime: Runtime, run_id: str, *, pause: timedelta) -> Iterator[api.RunProgress]:
    """What the engine tells; or, where it tells nothing, what it answers again and again."""
    try:
        yield from runtime.events(run_id)
    except NotFoundError:
        progress = runtime.progress(run_id)
        yield progress
        while progress.state is not State.SUCCEEDED:
            time.sleep(pause.total_seconds())
            progress = runtime.progress(run_id)
            yield progress


class _Warnings:
    """Tells each warning of an engine once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def tell(self, warnings: list[str], *, on: Display) -> None:
        for warning in warnings:
            if warning not in self._told:
                on.tell(warning)
                self._told.add(warning)
