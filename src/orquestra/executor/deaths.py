"""Whose fault it is that a worker has died, and what its task is told."""

from orquestra.executor import failures
from orquestra.executor.failures import Failure, TaskFacts
from orquestra.executor.surroundings import Cause, Death
from orquestra.executor.teams import Worker

_VIOLENT = (Cause.CRASH, Cause.OUT_OF_MEMORY)

_TRACELESS = (*_VIOLENT, Cause.ENDED)
"""No worker leaves by itself while it holds calls: one that does has broken down."""


def blamed(death: Death, worker: Worker) -> int | None:
    """The call that ran when a worker died; None if it died between calls.

    What was queued behind that call, and what had ended without the executor's knowing it, has no
    part in it.
    """
    if death.running is not None:
        return death.running
    if worker.slow is not None:
        return worker.slow
    # A death without any trace is blamed on somebody, or it could go on for ever.
    return next(iter(worker.held), None) if death.cause in _TRACELESS else None


def failure(facts: TaskFacts, death: Death) -> Failure:
    """What a task is told that ran when its worker died."""
    if death.cause is Cause.OUT_OF_MEMORY:
        return failures.out_of_memory(facts, used=death.used, limit=death.limit)
    if death.cause in (Cause.CRASH, Cause.ENDED):
        return failures.crash(facts)
    return failures.node_lost(facts)


def is_start_to_blame(death: Death) -> bool:
    """Whether a worker that did not come up would fail to come up elsewhere too."""
    return death.cause in (*_VIOLENT, Cause.UNABLE)


def is_hopeless(death: Death) -> bool:
    """Whether there is no point in another try to bring such a worker up."""
    return death.cause is Cause.UNABLE
