"""Jobs that wait for their time."""

from orquestra.executor.jobs import Job
from orquestra.executor.postponed import Postponed


def job(run_id, name="invocation-0"):
    return Job(run_id, name, None, 0.0)


def test_jobs_come_back_in_the_order_of_their_times():
    postponed = Postponed()
    late, soon, never = job("run-1"), job("run-1"), job("run-1")
    for each, at in ((late, 3.0), (soon, 1.0), (never, 9.0)):
        postponed.add(each, at)

    assert postponed.next_deadline() == 1.0
    assert postponed.due(5.0) == [soon, late]
    assert soon.ready_at == 5.0
    assert postponed.next_deadline() == 9.0


def test_those_of_one_run_can_be_dropped():
    postponed = Postponed()
    kept = job("run-2")
    for each in (job("run-1"), kept, job("run-1")):
        postponed.add(each, 1.0)

    assert postponed.drop("run-1") == 2
    assert postponed.due(1.0) == [kept]
    assert postponed.next_deadline() is None
