"""A fan-out whose length is known only at run time: `sdk.map` over the result of a task."""

from collections.abc import Iterator
from functools import partial

from benchmarks.clock import timed
from benchmarks.options import Options
from benchmarks.rows import OURS, Row
from benchmarks.systems.local_runtime import CONFIG, running
from orquestra import sdk


@sdk.task
def _numbers(count: int) -> list[int]:
    return list(range(count))


@sdk.task
def _increased(number: int) -> int:
    return number + 1


@sdk.task
def _total(values: list[int]) -> int:
    return sum(values)


@sdk.workflow
def _work(count: int) -> object:
    return _total(sdk.map(_increased, _numbers(count)))


def measure(options: Options) -> Iterator[Row]:
    """One row for each length, from submission to the result."""
    with running():
        for count in (1_000,) if options.quick else (10_000, 100_000):
            mapped = partial(_result, _work(count))
            rounds = [timed(mapped) for _ in range(options.rounds + 1)]
            assert {result for _, result in rounds} == {count * (count + 1) // 2}
            seconds = [spent for spent, _ in rounds[1:]]
            yield Row(work=f"map over {count:,} elements", measurements={OURS: seconds})


def _result(workflow: sdk.WorkflowDef) -> object:
    run = workflow.run(CONFIG)
    run.wait_until_finished(verbose=False)
    return run.get_results()
