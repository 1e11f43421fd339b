"""What every compared system does: graphs of functions that do next to nothing.

A graph is written once, with a `call` that a system gives: it takes a function and arguments, some
of which are what earlier calls gave, and gives something that stands for the result.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from benchmarks.rows import RAW_RAY, Goal

Call = Callable[..., Any]

GIGABYTE = 10**9
FLOAT = 8


@dataclass(frozen=True, kw_only=True)
class Work:
    """A graph, its result, and how it is measured.

    In each round it is done `unmeasured` times and then measured `repeats` times. `concurrent`
    jobs, each with this graph, count as one measurement: the time until all have their results.
    `tasks` is the size of the graph.
    """

    name: str
    title: str
    graph: Callable[[Call], Any]
    result: float
    tasks: int
    repeats: int = 1
    unmeasured: int = 0
    concurrent: int = 1
    goal: Goal | None = None


def works(*, quick: bool = False) -> list[Work]:
    """All works; the quick ones are a tenth of the size, without goals: a trial of the suite."""
    part = 10 if quick else 1
    found = [
        _fan_out(1_000 // part, repeats=3, goal=Goal(limit=0.3, against=RAW_RAY)),
        _fan_out(10_000 // part, repeats=1, goal=Goal(limit=0.15, against=RAW_RAY)),
        _chain(100 // part, goal=Goal(limit=0.5, against=RAW_RAY)),
        _wide_deep(100 // part, 100 // part),
        _one_task(),
        _array(GIGABYTE // part, goal=Goal(limit=1.2, against=RAW_RAY)),
        _concurrent(200 // part),
    ]
    return [replace(work, goal=None) for work in found] if quick else found


def warm_up() -> Work:
    """What each system does once before anything is measured."""
    return _fan_out(100, repeats=1)


def _fan_out(count: int, *, repeats: int, goal: Goal | None = None) -> Work:
    return Work(
        name=f"fan-out-{count}",
        title=f"fan-out {count:,} + fan-in",
        graph=partial(fan_out, count),
        result=count,
        tasks=count + 1,
        repeats=repeats,
        goal=goal,
    )


def _chain(length: int, *, goal: Goal) -> Work:
    return Work(
        name=f"chain-{length}",
        title=f"chain of {length}",
        graph=partial(chain, length),
        result=length,
        tasks=length,
        repeats=5,
        goal=goal,
    )


def _wide_deep(width: int, depth: int) -> Work:
    return Work(
        name=f"wide-deep-{width}x{depth}",
        title=f"wide and deep {width} x {depth}",
        graph=partial(wide_deep, width, depth),
        result=width * depth,
        tasks=width * depth + 1,
    )


def _one_task() -> Work:
    return Work(
        name="one-task",
        title="one task",
        graph=one_task,
        result=1,
        tasks=1,
        repeats=10,
        goal=Goal(limit=0.15),
    )


def _array(size: int, *, goal: Goal) -> Work:
    return Work(
        name="array",
        title=f"{size / GIGABYTE:g} GB between two tasks",
        graph=partial(array, size // FLOAT),
        result=size // FLOAT,
        tasks=2,
        repeats=5,
        unmeasured=1,  # memory that is used for the first time costs all of them seconds
        goal=goal,
    )


def _concurrent(jobs: int) -> Work:
    # The issue wants 20 runs per second.
    return Work(
        name=f"concurrent-{jobs}",
        title=f"{jobs} one-task jobs at once",
        graph=one_task,
        result=1,
        tasks=1,
        concurrent=jobs,
        goal=Goal(limit=jobs / 20),
    )


def one_task(call: Call) -> Any:
    """A single call."""
    return call(one)


def fan_out(count: int, call: Call) -> Any:
    """Independent calls, and one that takes all of their results."""
    return call(total, *[call(one) for _ in range(count)])


def chain(length: int, call: Call) -> Any:
    """Calls, each of which takes the result of the one before."""
    value = call(one)
    for _ in range(length - 1):
        value = call(one_more, value)
    return value


def wide_deep(width: int, depth: int, call: Call) -> Any:
    """Layers of calls, each of which takes its three upper neighbours (two at the edges)."""
    layer = [call(one) for _ in range(width)]
    for _ in range(depth - 1):
        layer = [call(one_more, *layer[max(0, at - 1) : at + 2]) for at in range(width)]
    return call(total, *layer)


def array(length: int, call: Call) -> Any:
    """One call makes an array of floats, another reads all of it."""
    return call(array_total, call(ones, length))


def one() -> int:
    """Next to nothing."""
    return 1


def one_more(*numbers: int) -> int:
    """One more than the smallest."""
    return min(numbers) + 1


def total(*numbers: int) -> int:
    """The sum."""
    return sum(numbers)


def ones(length: int) -> Any:
    """An array full of ones."""
    import numpy as np

    return np.ones(length)


def array_total(numbers: Any) -> float:
    """The sum of an array, so that every page of it is touched."""
    return float(numbers.sum())
