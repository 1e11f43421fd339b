"""Whose fault it is that a worker has died."""

import pytest

from orquestra.executor import deaths
from orquestra.executor.failures import Reason, TaskFacts
from orquestra.executor.surroundings import Cause, Death
from orquestra.executor.teams import Worker

FACTS = TaskFacts(name="work", memory=None)


def worker(*numbers, slow=None):
    made = Worker("w1", None, wanted_at=0)
    made.held = dict.fromkeys(numbers)
    made.slow = slow
    return made


@pytest.mark.parametrize(
    ("death", "slow", "number"),
    [
        (Death(cause=Cause.CRASH, running=5), None, 5),
        (Death(cause=Cause.CRASH, running=5), 4, 5),
        (Death(cause=Cause.NODE_LOST), 4, 4),
        (Death(cause=Cause.NODE_LOST), None, None),
        (Death(cause=Cause.CRASH), None, 4),
        (Death(cause=Cause.ENDED), None, 4),
        (Death(cause=Cause.CANCELLED), None, None),
    ],
)
def test_the_call_that_ran_is_to_blame_and_without_a_trace_the_first(death, slow, number):
    assert deaths.blamed(death, worker(4, 5, 6, slow=slow)) == number


@pytest.mark.parametrize(
    ("cause", "reason", "words"),
    [
        (Cause.CRASH, Reason.CRASH, "died without an exception"),
        (Cause.ENDED, Reason.CRASH, "died without an exception"),
        (Cause.OUT_OF_MEMORY, Reason.CRASH, "ran out of memory"),
        (Cause.NODE_LOST, Reason.NODE_LOST, "was lost while it ran"),
    ],
)
def test_a_task_is_told_why_its_worker_died(cause, reason, words):
    failure = deaths.failure(FACTS, Death(cause=cause))

    assert failure.reason is reason
    assert words in failure.message
