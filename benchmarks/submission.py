"""How long submitting a large definition takes."""

from collections.abc import Iterator
from functools import partial

from benchmarks.clock import timed
from benchmarks.options import Options
from benchmarks.rows import OURS, Row
from benchmarks.systems.local_runtime import CONFIG, running
from benchmarks.tracing import trace
from benchmarks.works import fan_out
from orquestra.sdk.runs.workflow_runs import WorkflowRun


def measure(options: Options) -> Iterator[Row]:
    """One row: from the traced definition to the id of its run."""
    count = 1_000 if options.quick else 10_000
    definition = trace(partial(fan_out, count)).model
    seconds = []
    with running():
        for _ in range(options.rounds + 1):
            spent, run = timed(lambda: WorkflowRun.start_from_ir(definition, CONFIG))
            seconds.append(spent)
            run.get_results(wait=True)
    yield Row(work=f"submitting {count:,} calls", measurements={OURS: seconds[1:]})
