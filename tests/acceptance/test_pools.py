"""One pool of nodes per image: they grow to the cap, never beyond it, and go."""

import threading
from collections import Counter

import pytest

from orquestra import sdk

pytestmark = [pytest.mark.containers, pytest.mark.timeout(300)]

NODES = 2
SLOW_TASKS = 12


@sdk.task
def slow(number):
    import time

    time.sleep(1)
    return number


@sdk.task
def total(*numbers):
    return sum(numbers)


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi", nodes=NODES))
def two_images(first, second):
    images = [first] * SLOW_TASKS + [second] * SLOW_TASKS
    return total(*[slow(number).with_custom_image(image) for number, image in enumerate(images)])


class Watch:
    """Counts the containers of each pool, again and again, until it is stopped."""

    def __init__(self, look):
        self._look = look
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.most: Counter[str] = Counter()
        self.looks = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        self._thread.join()

    def _watch(self):
        while not self._stopped.wait(0.2):
            pools = Counter(c["Labels"]["io.orquestra.pool"] for c in self._look())
            self.looks += 1
            self.most = self.most | pools


def test_no_pool_ever_has_more_nodes_than_its_cap_and_all_go_at_the_end(
    config, containers, finish, stubborn_image, gnuplot_image
):
    run = two_images(stubborn_image, gnuplot_image).run(config)

    with Watch(lambda: containers.listed(cluster=run.run_id)) as watch:
        status = finish(run)

    assert status.status.state is sdk.State.SUCCEEDED, status.message
    assert run.get_results() == sum(range(2 * SLOW_TASKS))
    del watch.most[""]  # the head belongs to no pool
    assert watch.looks > 20
    assert max(watch.most.values()) <= NODES
    pools = {pool.image: pool for pool in run.get_nodes()}
    assert {watch.most[pools[image].id] for image in (stubborn_image, gnuplot_image)} == {NODES}
    assert len(watch.most) == 3
    assert all(node.state == "STOPPED" for pool in pools.values() for node in pool.nodes)


def test_nodes_of_a_pool_without_work_go_while_the_run_goes_on(config, finish, stubborn_image):
    run = first_one_then_the_other(stubborn_image).run(config)

    finish(run)

    pools = {pool.image: pool for pool in run.get_nodes()}
    early = pools.pop(stubborn_image).nodes[0]
    ((late,),) = [pool.nodes for pool in pools.values()]
    last_task = max(task.end_time for task in late.tasks)
    assert early.end_time < last_task


@sdk.task
def long(_):
    import time

    time.sleep(15)


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def first_one_then_the_other(image):
    return long(slow(1).with_custom_image(image))
