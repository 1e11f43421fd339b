"""The local runtime from nothing: `orq up`, and the first run after it."""

from collections.abc import Iterator

from benchmarks.clock import timed
from benchmarks.options import Options
from benchmarks.rows import OURS, Goal, Row
from benchmarks.systems.local_runtime import CONFIG, data_folder, orq
from benchmarks.tracing import trace
from benchmarks.works import one_task
from orquestra.sdk.runs.workflow_runs import WorkflowRun


def measure(options: Options) -> Iterator[Row]:
    """A new data folder each time, so that nothing is there yet."""
    definition = trace(one_task).model
    ups, firsts = [], []
    for _ in range(options.rounds):
        with data_folder():
            try:
                up, _ = timed(lambda: orq("up"))
                first, _ = timed(
                    lambda: WorkflowRun.start_from_ir(definition, CONFIG).get_results(wait=True)
                )
            finally:
                orq("down")
        ups.append(up)
        firsts.append(first)
    yield Row(work="`orq up` until ready", measurements={OURS: ups}, goal=Goal(limit=10))
    yield Row(work="first run after `orq up`", measurements={OURS: firsts})
