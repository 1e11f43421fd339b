"""The states of tasks, as they follow from what was attempted.

    no attempt ──▶ WAITING          last attempt runs ──▶ RUNNING
    a final one ──▶ its state       last attempt has ended, another follows ──▶ WAITING

The tasks of a run that has SUCCEEDED have all done so: the value of one whose end was lost with a
head is what was used.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from orquestra.engine.database.tables import Run
from orquestra.sdk.schema.workflow_run import State


class Attempt(NamedTuple):
    """What is recorded of an attempt. A tuple: a run may have tens of thousands."""

    invocation_id: str
    attempt: int
    node_id: str | None
    state: State
    final: bool
    message: str | None = None
    ready_at: datetime | None = None
    worker_ready_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """One invocation of a run as it is now; `message` says why."""

    invocation_id: str
    state: State
    message: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


def tasks_of(
    run: Run, *, invocation_ids: Iterable[str], attempts: Iterable[Attempt]
) -> Iterator[Task]:
    """The tasks of a run, in the order of the invocations."""
    telling = _telling_attempts(attempts)
    for invocation_id in invocation_ids:
        attempt = telling.get(invocation_id)
        if run.state is State.SUCCEEDED:
            yield _succeeded(invocation_id, attempt, run=run)
        else:
            yield _task(invocation_id, attempt)


def _telling_attempts(attempts: Iterable[Attempt]) -> dict[str, Attempt]:
    """The attempt of each invocation that says how it is: the first final one, else the last."""
    telling: dict[str, Attempt] = {}
    for attempt in attempts:
        known = telling.get(attempt.invocation_id)
        if known is None or _rank(attempt) > _rank(known):
            telling[attempt.invocation_id] = attempt
    return telling


def _rank(attempt: Attempt) -> tuple[bool, int]:
    return attempt.final, -attempt.attempt if attempt.final else attempt.attempt


def _succeeded(invocation_id: str, attempt: Attempt | None, *, run: Run) -> Task:
    return Task(
        invocation_id=invocation_id,
        state=State.SUCCEEDED,
        started_at=attempt.started_at if attempt else None,
        ended_at=(attempt.ended_at if attempt else None) or run.ended_at,
    )


def _task(invocation_id: str, attempt: Attempt | None) -> Task:
    if attempt is None:
        return Task(invocation_id=invocation_id, state=State.WAITING)
    if attempt.ended_at is not None and not attempt.final:
        return Task(invocation_id=invocation_id, state=State.WAITING, message=attempt.message)
    return Task(
        invocation_id=invocation_id,
        state=attempt.state,
        message=attempt.message,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
    )
