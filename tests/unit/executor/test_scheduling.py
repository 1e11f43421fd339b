"""Which job goes to which worker, without an executor around it."""

import pytest

from orquestra.executor.capacity import Demand
from orquestra.executor.jobs import Job
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.staffing import Ask, Cancel, Dismiss, Prepare, Relieve, Staff
from orquestra.executor.surroundings import Environment, Requirements
from orquestra.sdk.schema.cluster import NodeSize, PoolId, PoolPlan

POOL = PoolId("pool")
PLAIN = Environment(pool_id=POOL, demand=Demand(cpu=1, memory=0, gpu=0))
OTHER = Environment(pool_id=POOL, demand=Demand(cpu=1, memory=0, gpu=0), variables=(("A", "1"),))


class Desk:
    """A scheduler and its staff, with workers that are up when they are asked for."""

    def __init__(self, *, nodes=2, cpu=1, min_nodes=0, runs=("run",)):
        self.now = 100.0
        self.scheduler = Scheduler(lambda _: ())
        names = iter(range(10_000))
        self.staff = Staff(self.scheduler, name=lambda: f"w{next(names)}")
        size = NodeSize(cpu=cpu, memory=2**30, gpu=0)
        self.scheduler.set_pools(
            [PoolPlan(id=POOL, image="image", min_nodes=min_nodes, max_nodes=nodes, size=size)]
        )
        for run_id in runs:
            self.scheduler.admit(run_id, {POOL: nodes})

    def add(self, count, *, run="run", task="task", environment=PLAIN):
        kind = self.scheduler.kind((run, task), environment)
        for number in range(count):
            self.scheduler.add(Job(run, f"{task}-{number}", kind, self.now))
        return kind

    def changes(self):
        return self.staff.decide(self.now)

    def hire(self):
        """Everybody who is asked for comes up."""
        asked = [change.worker for change in self.changes() if isinstance(change, Ask)]
        for worker in asked:
            self.scheduler.came_up(worker.worker_id, self.now)
            self.staff.rest(worker, self.now)
        return asked

    def dispatch(self):
        return {
            worker.worker_id: [sent.job.invocation_id for sent in batch]
            for worker, batch in self.scheduler.dispatch()
        }


@pytest.mark.parametrize(
    ("seconds", "count"), [(0.001, 20), (0.004, 5), (0.015, 1), (0.5, 1), (None, 4)]
)
def test_a_worker_gets_jobs_for_some_milliseconds_at_once(seconds, count):
    desk = Desk(nodes=1)
    kind = desk.add(1000)
    if seconds is not None:
        kind.measure(seconds)

    desk.scheduler.dispatch()
    (worker,) = desk.hire()

    assert len(desk.dispatch()[worker.worker_id]) == pytest.approx(count, abs=1)


def test_few_jobs_of_an_unknown_kind_are_spread_over_all_workers():
    desk = Desk(nodes=4)
    desk.add(4)
    desk.scheduler.dispatch()
    desk.hire()

    assert sorted(map(len, desk.dispatch().values())) == [1, 1, 1, 1]


def test_jobs_of_an_unknown_kind_are_left_for_workers_that_are_about_to_come():
    desk = Desk(nodes=4)
    desk.add(4)
    desk.scheduler.dispatch()
    first, *_ = (change.worker for change in desk.changes())

    desk.scheduler.came_up(first.worker_id, desk.now)

    assert [len(batch) for batch in desk.dispatch().values()] == [1]


def test_jobs_behind_one_that_turns_out_long_are_called_back():
    desk = Desk(nodes=1)
    desk.add(8)
    desk.scheduler.dispatch()
    (worker,) = desk.hire()
    sent = desk.dispatch()[worker.worker_id]

    assert desk.scheduler.began(worker, 1)
    back = desk.scheduler.returned(worker, [2, 3, 4])

    assert [job.invocation_id for job in back] == sent[1:4]
    assert desk.dispatch() == {}
    desk.scheduler.ended(worker, 1, seconds=3)
    assert len(desk.dispatch()[worker.worker_id]) == 1


def test_a_long_job_alone_calls_nothing_back():
    desk = Desk(nodes=1)
    desk.add(1)
    desk.scheduler.dispatch()
    (worker,) = desk.hire()
    desk.dispatch()

    assert not desk.scheduler.began(worker, 1)


def test_what_a_lost_worker_held_is_given_back_by_number():
    desk = Desk(nodes=1)
    desk.add(4)
    desk.scheduler.dispatch()
    (worker,) = desk.hire()
    desk.dispatch()
    desk.scheduler.ended(worker, 1, seconds=0.001)

    assert [*desk.scheduler.gone(worker)] == [2, 3, 4]
    assert desk.scheduler.pools[POOL].used == 0


def test_runs_take_turns_whatever_one_of_them_has_queued():
    desk = Desk(nodes=1, runs=("a", "b"))
    desk.add(1000, run="a", task="a").measure(0.01)
    desk.add(2, run="b", task="b").measure(0.01)
    desk.scheduler.dispatch()
    (worker,) = desk.hire()

    first = desk.dispatch()[worker.worker_id]
    for number in range(1, len(first) + 1):
        desk.scheduler.ended(worker, number, seconds=0.01)
    second = desk.dispatch()[worker.worker_id]

    assert [{name[0] for name in batch} for batch in (first, second)] == [{"a"}, {"b"}]


def test_no_more_workers_are_asked_for_than_fit_or_than_there_are_jobs():
    desk = Desk(nodes=3, cpu=2)
    desk.add(4)
    desk.scheduler.dispatch()
    assert len(desk.changes()) == 4

    desk.add(1000, task="more")
    desk.scheduler.dispatch()
    assert len(desk.changes()) == 2
    desk.scheduler.stir(desk.scheduler.team(PLAIN))
    desk.scheduler.dispatch()
    assert desk.changes() == []


def test_known_short_jobs_are_not_worth_a_worker_each():
    desk = Desk(nodes=100)
    kind = desk.add(50)
    kind.measure(0.001)
    desk.scheduler.dispatch()

    assert len(desk.changes()) == 1


def test_what_waits_at_ray_is_taken_back_once_the_jobs_are_gone():
    desk = Desk(nodes=2)
    desk.add(2)
    desk.scheduler.dispatch()
    first, second = (change.worker for change in desk.changes())
    desk.scheduler.came_up(first.worker_id, desk.now)
    desk.dispatch()

    desk.scheduler.drop("run")
    (change,) = desk.changes()

    assert change == Cancel(second)


@pytest.mark.parametrize(("min_nodes", "linger"), [(0, 1), (1, 60)])
def test_an_idle_worker_goes_after_a_while(min_nodes, linger):
    desk = Desk(nodes=1, min_nodes=min_nodes)
    desk.add(1, environment=OTHER)
    desk.scheduler.dispatch()
    (worker,) = desk.hire()
    desk.scheduler.drop("run")

    desk.now += linger - 0.1
    assert desk.changes() == []
    desk.now += 0.2
    assert desk.changes() == [Dismiss(worker)]


def test_an_idle_worker_goes_at_once_where_another_environment_waits():
    desk = Desk(nodes=1)
    desk.add(1)
    desk.scheduler.dispatch()
    (worker,) = desk.hire()
    desk.scheduler.drop("run")
    desk.add(1, environment=OTHER)
    desk.scheduler.dispatch()

    ask, dismiss = desk.changes()

    assert isinstance(ask, Ask)
    assert ask.worker.team.environment == OTHER
    assert dismiss == Dismiss(worker)


def test_a_busy_environment_makes_room_for_one_that_has_waited():
    desk = Desk(nodes=2)
    desk.add(1000).measure(1)
    desk.scheduler.dispatch()
    workers = desk.hire()
    desk.dispatch()
    desk.add(5, task="other", environment=OTHER).measure(1)
    desk.scheduler.dispatch()
    assert all(isinstance(change, Ask) for change in desk.changes())

    desk.now += 2.5
    (change,) = desk.changes()

    assert isinstance(change, Relieve)
    assert change.worker in workers
    desk.now += 2.5
    assert desk.changes() == []


def test_requirements_are_prepared_before_workers_are_asked_for():
    desk = Desk(nodes=1)
    needing = Environment(
        pool_id=POOL, demand=PLAIN.demand, requirements=Requirements(packages=("numpy",))
    )
    desk.add(3, environment=needing)
    desk.scheduler.dispatch()
    team = desk.scheduler.team(needing)

    assert desk.changes() == [Prepare(team)]
    team.is_open = True
    desk.scheduler.stir(team)
    desk.scheduler.dispatch()
    assert len(desk.changes()) == 1


def test_a_run_that_is_over_leaves_nothing_behind():
    desk = Desk(nodes=1)
    desk.add(3, environment=OTHER)
    desk.scheduler.drop("run")

    desk.scheduler.forget("run")

    assert not desk.scheduler.pools[POOL].teams
