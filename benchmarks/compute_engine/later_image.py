"""How much of a custom image's cold start is hidden where the image is first needed later.

The wait of a cold pool is measured with a run that needs it at once, from submission to the
beginning of the task. Then comes a task in the default image that lasts longer than that, and
after it one in a custom image: whatever lies between the two is the wait that still shows.
"""

import time
from collections.abc import Iterator
from datetime import datetime

from benchmarks.compute_engine.naps import nap_then, one_nap
from benchmarks.compute_engine.running import ComputeEngine, compute_engine, custom_image
from benchmarks.options import Options
from benchmarks.rows import OURS, Goal, Row
from orquestra.sdk.runs.workflow_runs import WorkflowRun
from orquestra.sdk.schema import api

LONGER = 1.5
"""How many times a cold start the first task lasts."""


def measure(options: Options) -> Iterator[Row]:
    """One row: the hidden share of the wait."""
    colds, laters = [], []
    with compute_engine() as engine:
        image = custom_image("later")
        for _ in range(options.rounds + 1):
            colds.append(_cold(engine, image))
            laters.append(_later(engine, image, lead=LONGER * colds[-1]))
    shares = [1 - later / cold for cold, later in zip(colds, laters, strict=True)]
    yield Row(
        work="wait for a later custom image that is hidden",
        unit="",
        measurements={OURS: shares[1:]},
        goal=Goal(limit=0.8, at_least=True),
        details={"cold_seconds": colds[1:], "later_seconds": laters[1:]},
    )


def _cold(engine: ComputeEngine, image: str) -> float:
    engine.await_standby()
    submitted = time.time()
    run = one_nap(image).run(engine.config)
    run.get_results(wait=True)
    return _task(run, image=image).start_time.timestamp() - submitted


def _later(engine: ComputeEngine, image: str, *, lead: float) -> float:
    engine.await_standby()
    run = nap_then(lead, image).run(engine.config)
    run.get_results(wait=True)
    begin = _task(run, image=image).start_time
    return (begin - _end_of_the_other(run, image=image)).total_seconds()


def _task(run: WorkflowRun, *, image: str) -> api.NodeTask:
    (task,) = [t for p in run.get_nodes() if p.image == image for n in p.nodes for t in n.tasks]
    return task


def _end_of_the_other(run: WorkflowRun, *, image: str) -> datetime:
    (task,) = [t for p in run.get_nodes() if p.image != image for n in p.nodes for t in n.tasks]
    assert task.end_time is not None
    return task.end_time
