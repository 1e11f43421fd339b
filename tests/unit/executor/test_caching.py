"""Keys of results, and the thread that asks the engine for them."""

from queue import SimpleQueue

import pytest

from orquestra.executor.caching import CacheLookups, cache_key
from orquestra.executor.capacity import Demand
from orquestra.executor.jobs import Job
from orquestra.executor.protocol import Constant, Own
from orquestra.executor.scheduling import Scheduler
from orquestra.executor.surroundings import Environment, Question, Requirements
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    HOST_IMAGE,
    CacheAnswer,
    CachedResult,
    NodeSize,
    PoolPlan,
)

JSON = ir.ArtifactFormat.JSON
DEMAND = Demand(cpu=1.0, memory=0, gpu=0)
POOL = PoolPlan(
    id="default",
    image="image",
    min_nodes=0,
    max_nodes=1,
    size=NodeSize(cpu=1, memory=1, gpu=0),
)


def question(
    *,
    run_id="run-1",
    fingerprint="f",
    image="sha256:1",
    needed=None,
    variables=(),
    cpu=1.0,
    arguments=(1,),
    keywords=(),
    max_age=None,
):
    scheduler = Scheduler(lambda _: ())
    scheduler.set_pools([POOL])
    environment = Environment(
        pool_id="default",
        demand=Demand(cpu=cpu, memory=0, gpu=0),
        requirements=needed,
        variables=variables,
    )
    job = Job(run_id, "invocation-0", scheduler.kind((run_id, "task"), environment), 0.0)
    policy = ir.CachePolicy(fingerprint=fingerprint, max_age_seconds=max_age)
    given = (
        tuple(map(constant, arguments)),
        tuple((name, constant(value)) for name, value in keywords),
    )
    return Question(job, policy, image, given)


def constant(value):
    return value if isinstance(value, Own) else Constant(JSON, str(value).encode())


def key(**about):
    return cache_key(question(**about), digest=lambda argument: argument.data)


NUMPY = Requirements(packages=("numpy", "scipy"))


@pytest.mark.parametrize(
    "about",
    [
        {"fingerprint": "g"},
        {"image": "sha256:2"},
        {"image": HOST_IMAGE},
        {"needed": NUMPY},
        {"variables": (("A", "1"),)},
        {"arguments": (2,)},
        {"arguments": ()},
        {"arguments": (), "keywords": (("x", 1),)},
    ],
)
def test_code_environment_and_inputs_count(about):
    assert key(**about) != key()


@pytest.mark.parametrize(
    ("about", "same"),
    [
        ({}, {"run_id": "run-2"}),
        ({}, {"cpu": 2.0}),
        ({}, {"max_age": 5.0}),
        ({"needed": NUMPY}, {"needed": Requirements(packages=("scipy", "numpy"))}),
        ({"keywords": (("a", 1), ("b", 2))}, {"keywords": (("b", 2), ("a", 1))}),
    ],
)
def test_where_and_when_it_runs_does_not(about, same):
    assert key(**about) == key(**same)


def asked(tmp_path, ask, *questions):
    inbox = SimpleQueue()
    lookups = CacheLookups(inbox, ask=ask, exchange=tmp_path)
    for each in questions:
        lookups.ask(each)
    answers = []
    while len(answers) < len(questions):
        answers += inbox.get(timeout=5).answers
    return answers


def test_the_engine_is_asked_for_keys_with_their_ages(tmp_path):
    queries = []
    result = CachedResult(run_id="old", values=[])
    first, second = question(max_age=60.0), question(arguments=(2,))

    def ask(run_id, query):
        queries.append((run_id, query.keys))
        return CacheAnswer(found={each: result for each, age in query.keys if age})

    answers = asked(tmp_path, ask, first, second)

    assert [(answer.job, answer.found) for answer in answers] == [
        (first.job, result),
        (second.job, None),
    ]
    assert {run_id for run_id, _ in queries} == {"run-1"}
    told = [each for _, keys in queries for each in keys]
    assert told == [(answers[0].key, 60.0), (answers[1].key, None)]


def test_whatever_goes_wrong_the_task_runs(tmp_path, caplog):
    def ask(run_id, query):
        raise RuntimeError("the engine is gone")

    unreadable = question(arguments=(Own("artifact-1"),))

    answers = asked(tmp_path, ask, question(), unreadable)

    assert [answer.found for answer in answers] == [None, None]
    assert [answer.key is None for answer in answers] == [False, True]
    assert "the engine is gone" in caplog.text
    assert "cannot be compared" in caplog.text
