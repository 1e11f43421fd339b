"""The states of tasks, as they follow from what was attempted.

    no attempt ──▶ WAITING          last attempt runs ──▶ RUNNING
    a final one ──▶ its state       last attempt has ended, another follows ──▶ WAITING

A map is one task. Its own attempts gather the results of its elements, which have attempts of
their own:

    its own end ──▶ that state      an element that did not succeed for good ──▶ its state
    an element has begun ──▶ RUNNING, or what became of the run

The tasks of a run that has SUCCEEDED have all done so: the value of one whose end was lost with a
head is what was used.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
class Elements:
    """What has become of the elements of one map, of which at least one was attempted.

    Attributes:
        length: How many there are.
        done: How many have ended for good.
        reused: How many were not run, since an earlier run had their results.
        started_at: When the first of them began; None: none has.
        problems: The last attempts of those that did not succeed for good.
    """

    length: int
    done: int
    reused: int
    started_at: datetime | None
    problems: Sequence[Attempt] = ()


@dataclass(frozen=True, kw_only=True)
class Task:
    """One invocation of a run as it is now; `message` says why."""

    invocation_id: str
    state: State
    message: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


def tasks_of(
    run: Run,
    *,
    invocation_ids: Iterable[str],
    attempts: Iterable[Attempt],
    elements: Mapping[str, Elements] | None = None,
) -> Iterator[Task]:
    """The tasks of a run, in the order of the invocations; `elements` are those of its maps."""
    telling = _telling_attempts(attempts)
    for invocation_id in invocation_ids:
        task = _task(invocation_id, telling.get(invocation_id), run=run)
        begun = elements.get(invocation_id) if elements else None
        yield _map(task, begun, run=run) if begun else task


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


def _task(invocation_id: str, attempt: Attempt | None, *, run: Run) -> Task:
    if run.state is State.SUCCEEDED:
        return _succeeded(invocation_id, attempt, run=run)
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


def _succeeded(invocation_id: str, attempt: Attempt | None, *, run: Run) -> Task:
    if attempt is None:
        return Task(invocation_id=invocation_id, state=State.SUCCEEDED, ended_at=run.ended_at)
    return Task(
        invocation_id=invocation_id,
        state=State.SUCCEEDED,
        message=attempt.message if attempt.state is State.SUCCEEDED else None,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at or run.ended_at,
    )


def _map(own: Task, elements: Elements, *, run: Run) -> Task:
    """A map of which at least one element was attempted; `own` is what it is without them."""
    begun = replace(own, started_at=elements.started_at or own.started_at)
    if own.state.is_completed():
        return replace(begun, message=own.message or _told_at_end(elements))
    problem = _first_problem(elements.problems)
    if problem is not None:
        return replace(
            begun, state=problem.state, message=problem.message, ended_at=problem.ended_at
        )
    if run.executing:
        message = f"{elements.done} of {elements.length} elements are done."
        return replace(begun, state=State.RUNNING, message=message)
    return replace(begun, state=run.state, message=None, ended_at=run.ended_at)


def _first_problem(problems: Iterable[Attempt]) -> Attempt | None:
    told = [each for each in problems if each.message and each.ended_at]
    # Those without a message were cut short by the end of the run.
    return min(told or problems, key=_end, default=None)


def _end(attempt: Attempt) -> float:
    return attempt.ended_at.timestamp() if attempt.ended_at else float("inf")


def _told_at_end(elements: Elements) -> str | None:
    if not elements.reused:
        return None
    return f"Reused the results of {elements.reused} of {elements.length} elements."
