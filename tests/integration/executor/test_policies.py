"""Collections, maps, retries, timeouts, reuse and local modules, on real Ray and real workers."""

import ctypes
import time
from pathlib import Path

from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    AttemptsEnded,
    CachedResult,
    CachedValue,
    LogLines,
    MapOpened,
    NodeSize,
)
from orquestra.sdk.schema.workflow_run import State

NODE = NodeSize(cpu=2, memory=2**30, gpu=0)
POOLS = {"default": (1, NODE)}
RUN = "run-1"
SECONDS = 120  # generous: starting Ray takes 5 s, and much more on a busy machine
LATE = 0.6  # seconds that the end of a task may come after its timeout


def numbers(count):
    return list(range(count))


def square(number, offset=0):
    print(f"squaring {number}")
    return number * number + offset


def summed(parts):
    return parts["label"], sum(parts["squares"]), parts["pair"]


def helped():
    import helper

    return helper.ANSWER


def unlucky(folder, times):
    tries = len(list(Path(folder).iterdir()))
    (Path(folder) / str(tries)).touch()
    if tries < times:
        raise ValueError(f"try {tries + 1}")
    return tries


def sleep(seconds):
    print("last words", flush=True)
    time.sleep(seconds)


def hold_the_process(seconds):
    ctypes.PyDLL(None).sleep(seconds)  # no other thread gets a word in


def ends(engine, run_id=RUN):
    return [
        ending
        for event in engine.events_of(AttemptsEnded)
        if event.run_id == run_id
        for ending in event.attempts
    ]


def policy(max_retries, delay=0.1):
    return ir.RetryPolicy(
        max_retries=max_retries, delay_seconds=delay, backoff=1.0, max_delay_seconds=1.0
    )


def test_maps_collections_and_local_modules(cluster):
    builder = PlanBuilder(pools=POOLS)
    squares = builder.call(square, builder.call(numbers, 300), 1, map_over=[0])
    pair = (builder.call(helped), [builder.call(square, 3), "x"])
    total = builder.call(summed, {"label": "all", "squares": squares, "pair": pair})
    built = builder.build(total, squares, source_files={"helper.py": "ANSWER = 42\n"})

    with cluster(built) as (engine, _):
        end = engine.finished(RUN, seconds=SECONDS)
        assert end.state is State.SUCCEEDED, end.message

        listed = [n * n + 1 for n in range(300)]
        assert engine.result(RUN, squares.packed) == listed
        assert engine.result(RUN, total.packed) == ("all", sum(listed), (42, [9, "x"]))
        assert engine.result(RUN, f"{squares.packed}.7") == 50
        assert [opened.length for opened in engine.events_of(MapOpened)] == [300]
        told = [
            line.text
            for event in engine.events_of(LogLines)
            if event.invocation_id == squares.invocation_id
            for line in event.lines
        ]
        assert sorted(told) == sorted(f"squaring {n}" for n in range(300))


def test_tasks_are_tried_again_and_ended_when_they_take_too_long(cluster, tmp_path):
    runs = {}
    for name, function, argument in (("late", sleep, 100), ("deaf", hold_the_process, 100)):
        builder = PlanBuilder(pools=POOLS, run_id=name)
        made = builder.call(
            function, argument, timeout_seconds=1.0, retry_policy=policy(1), max_retries=5
        )
        runs[name] = builder.build(made)
    builder = PlanBuilder(pools=POOLS)
    lucky = builder.call(unlucky, str(tmp_path), 2, retry_policy=policy(2))

    with cluster(builder.build(lucky)) as (engine, _):
        assert engine.finished(RUN, seconds=SECONDS).state is State.SUCCEEDED
        engine.submit(*runs.values())
        failed = [engine.finished(name, seconds=SECONDS) for name in runs]

        assert engine.result(RUN, lucky.packed) == 2
        assert [end.message for end in ends(engine)] == [
            "ValueError: try 1",
            "ValueError: try 2",
            None,
        ]
        for name, end in zip(runs, failed, strict=True):
            assert "was ended: it took longer than its timeout of 1 s" in end.message
            spent = [attempt.ended_at - attempt.started_at for attempt in ends(engine, name)]
            assert len(spent) == 2
            assert all(1 <= seconds < 1 + LATE for seconds in spent), spent
        told = [line.text for event in engine.events_of(LogLines) for line in event.lines]
        assert told.count("last words") == 2


def test_results_of_an_earlier_run_are_used_again(cluster):
    def build(run_id):
        builder = PlanBuilder(pools=POOLS, run_id=run_id)
        cache = ir.CachePolicy(fingerprint="f")
        squares = builder.call(
            square, builder.call(numbers, 3, cache=cache), map_over=[0], cache=cache
        )
        return squares, builder.build(builder.call(summed_up, [squares, 1], cache=cache))

    squares, first = build("first")
    _, second = build("second")

    with cluster(first) as (engine, _):
        assert engine.finished("first", seconds=SECONDS).state is State.SUCCEEDED
        engine.remembered = dict(remembered(engine, "first", first))
        engine.submit(second)
        assert engine.finished("second", seconds=SECONDS).state is State.SUCCEEDED

        reused = {end.invocation_id: end for end in ends(engine, "second") if not end.node_id}
        assert len(engine.remembered) == len(reused) == 5
        assert {end.message for end in reused.values()} == {"Reused the result of run first"}
        made = [end.invocation_id for end in ends(engine, "second") if end.node_id]
        assert made == [squares.invocation_id], "only the list was put together again"


def summed_up(parts):
    return sum(parts[0]) + parts[1]


def remembered(engine, run_id, built):
    """What an engine would remember of a run, by keys."""
    for end in ends(engine, run_id):
        if end.cache_key:
            base, element = ir.split_element_id(end.invocation_id)
            artifact = built.definition.task_invocations[base].output_ids[-1]
            key = artifact if element is None else ir.element_id(artifact, element)
            value = CachedValue(None, engine.stored[run_id][key].location)
            yield end.cache_key, CachedResult(run_id=run_id, values=[value])
