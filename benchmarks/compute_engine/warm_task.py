"""One task on a cluster that stands by, from submission to its result."""

import time
from collections.abc import Iterator

from benchmarks.clock import timed
from benchmarks.compute_engine.running import ComputeEngine, compute_engine
from benchmarks.options import Options
from benchmarks.rows import OURS, Goal, Row
from benchmarks.tracing import trace
from benchmarks.works import one_task
from orquestra.sdk.runs.workflow_runs import WorkflowRun
from orquestra.sdk.schema import ir


def measure(options: Options) -> Iterator[Row]:
    """One row; the first run is not counted."""
    definition = trace(one_task).model
    with compute_engine() as engine:
        seconds = [_run(engine, definition) for _ in range(options.rounds + 1)]
    yield Row(
        work="one task, standby cluster of containers",
        measurements={OURS: seconds[1:]},
        goal=Goal(limit=0.3),
    )


WORKER_UP = 3.0
"""Seconds after a node has joined by which its first worker is up, which nobody tells."""


def _run(engine: ComputeEngine, definition: ir.WorkflowDef) -> float:
    engine.await_standby()
    time.sleep(WORKER_UP)
    seconds, _ = timed(
        lambda: WorkflowRun.start_from_ir(definition, engine.config).get_results(wait=True)
    )
    return seconds
