"""What is remembered of runs and results in process, and what is forgotten."""

import gc
from datetime import UTC, datetime, timedelta

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import WorkflowRunNotFoundError
from orquestra.sdk.in_process import InProcess
from orquestra.sdk.in_process.history import History
from orquestra.sdk.in_process.result_cache import CachedResult, ResultCache, cache_key
from orquestra.sdk.schema import ir
from orquestra.sdk.values import serialize


@sdk.task
def long_text(length):
    return "x" * length


@sdk.workflow
def wf(length):
    return long_text(length)


def start(history, length=1):
    runtime = InProcess(history=history)
    return runtime.start(wf(length).model, project=None, dry_run=False), runtime


def known(history):
    gc.collect()
    return [record.run_id for record in history.newest_first()]


def test_only_so_many_ended_runs_are_kept():
    history = History(most_runs=2)
    for _ in range(3):
        start(history)

    assert known(history) == ["wf-3", "wf-2"]
    with pytest.raises(WorkflowRunNotFoundError, match="the last 2"):
        history.find("wf-1")


def test_runs_with_large_values_go_earlier():
    history = History(most_bytes=5000)
    for length in (3000, 10, 3000):
        start(history, length)

    assert known(history) == ["wf-3", "wf-2"]


def test_a_run_that_the_program_holds_is_not_forgotten():
    history = History(most_runs=1)
    _, held = start(history)
    for _ in range(3):
        start(history)

    assert known(history) == ["wf-4", "wf-1"]
    assert held.progress("wf-1").completed_tasks == 1


POLICY = ir.CachePolicy(fingerprint="f")


def test_results_that_were_not_used_for_longest_go_first():
    cache = ResultCache(most_bytes=25)
    result = CachedResult.of(serialize("x" * 8), run_id="r")
    cache.remember("a", result)
    cache.remember("b", result)
    cache.find("a", POLICY)
    cache.remember("c", result)

    assert [cache.find(key, POLICY) is not None for key in "abc"] == [True, False, True]


def test_results_count_up_to_their_age():
    cache = ResultCache()
    made_at = datetime.now(UTC) - timedelta(seconds=60)
    cache.remember("a", CachedResult(value=serialize(1), run_id="r", made_at=made_at))

    def found(max_age):
        policy = ir.CachePolicy(fingerprint="f", max_age_seconds=max_age)
        return cache.find("a", policy) is not None

    assert (found(30), found(90), found(None)) == (False, True, True)


@pytest.mark.parametrize(
    ("change", "inputs"),
    [
        ({}, [b"ab", b"c"]),
        ({"env_vars": {"A": "1"}}, [b"a", b"bc"]),
        ({"args_ids": ["x"], "kwargs_ids": {"b": "y"}}, [b"a", b"bc"]),
    ],
)
def test_a_key_tells_inputs_variables_and_names_apart(change, inputs):
    document = {
        "id": "i",
        "task_id": "t",
        "args_ids": ["x", "y"],
        "kwargs_ids": {},
        "output_ids": [],
    }

    def key(parts, **fields):
        invocation = ir.TaskInvocation.model_validate({**document, **fields})
        return cache_key(POLICY, invocation, inputs=iter(parts))

    assert key([b"a", b"bc"]) == key([b"a", b"bc"])
    assert key(inputs, **change) != key([b"a", b"bc"])
