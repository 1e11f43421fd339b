"""The works, done by calling functions at once, and the way in which they are timed."""

import pytest

from benchmarks.systems.turn import measure
from benchmarks.tracing import trace
from benchmarks.works import one_task, warm_up, works

QUICK = [*works(quick=True), warm_up()]


class Calling:
    """A system that just calls; it can be made to give a wrong result at the last job."""

    def __init__(self, *, wrong_at=None):
        self.jobs = 0
        self._wrong_at = wrong_at

    def prepare(self, work):
        return lambda: self._job(work)

    def _job(self, work):
        self.jobs += 1
        if self.jobs == self._wrong_at:
            return None
        return work.graph(lambda function, *arguments: function(*arguments))


@pytest.mark.parametrize("work", QUICK, ids=lambda work: work.name)
def test_every_work_gives_its_result(work):
    system = Calling()

    times = measure(system, work)

    assert len(times) == work.repeats
    assert system.jobs == (work.unmeasured + work.repeats) * work.concurrent


@pytest.mark.parametrize("work", QUICK, ids=lambda work: work.name)
def test_every_work_has_as_many_tasks_as_it_says(work):
    calls = []

    def call(function, *arguments):
        calls.append(function)
        return function(*arguments)

    work.graph(call)

    assert len(calls) == work.tasks


def test_a_lost_job_is_no_measurement():
    (concurrent,) = [work for work in QUICK if work.concurrent > 1]

    with pytest.raises(ValueError, match=r"gave .*None"):
        measure(Calling(wrong_at=3), concurrent)


def test_full_works_are_those_of_the_goals():
    assert [work.title for work in works()] == [
        "fan-out 1,000 + fan-in",
        "fan-out 10,000 + fan-in",
        "chain of 100",
        "wide and deep 100 x 100",
        "one task",
        "1 GB between two tasks",
        "200 one-task jobs at once",
    ]


@pytest.mark.parametrize("work", QUICK, ids=lambda work: work.name)
def test_every_work_is_a_workflow_with_as_many_invocations(work):
    assert len(trace(work.graph).model.task_invocations) == work.tasks


def test_a_traced_task_is_the_plain_function():
    (task,) = trace(one_task).model.tasks.values()

    assert task.fn_ref.function_name == "one"
