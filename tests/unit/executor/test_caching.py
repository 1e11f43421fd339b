"""Keys of results, and the thread that asks the engine for them."""

import threading
from queue import SimpleQueue
from types import SimpleNamespace

import pytest

from orquestra.executor import caching
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
    modules="",
    fingerprints=None,
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
    return Question(job, policy, image, given, modules, fingerprints or {})


def constant(value):
    if isinstance(value, bytes):
        return Constant(ir.ArtifactFormat.ENCODED_PICKLE, value)
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
        return CacheAnswer(results=[result if age else None for _, age in query.keys])

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


def test_tasks_that_share_a_key_have_answers_of_their_own_age(tmp_path):
    young = CachedResult(run_id="young", values=[])

    def ask(run_id, query):
        return CacheAnswer(results=[None if age else young for _, age in query.keys])

    picky, other = question(max_age=60.0), question()
    answers = asked(tmp_path, ask, picky, other)

    assert answers[0].key == answers[1].key
    assert [answer.found for answer in answers] == [None, young]


def test_an_answer_with_too_few_results_finds_nothing(tmp_path):
    answers = asked(tmp_path, lambda *_: CacheAnswer(results=[]), question())

    assert answers[0].found is None


@pytest.mark.parametrize(("argument", "counts"), [(b"a pickle", True), (5, False)])
def test_the_local_modules_of_a_run_count_where_a_pickle_may_name_them(tmp_path, argument, counts):
    def ask(run_id, query):
        return CacheAnswer(results=[None] * len(query.keys))

    before, after = asked(
        tmp_path,
        ask,
        question(arguments=(argument,), modules="before"),
        question(run_id="run-2", arguments=(argument,), modules="after"),
    )

    assert (before.key != after.key) == counts


def test_the_fingerprint_of_a_constant_counts_in_place_of_its_bytes(tmp_path):
    def ask(run_id, query):
        return CacheAnswer(results=[None] * len(query.keys))

    first, second, other = (
        question(run_id=data, arguments=(data,), fingerprints={constant(data): fingerprint})
        for data, fingerprint in ((b"1", "same"), (b"2", "same"), (b"3", "other"))
    )

    keys = [answer.key for answer in asked(tmp_path, ask, first, second, other)]

    assert keys[0] == keys[1] != keys[2]


def test_what_is_installed_counts_for_host_processes(monkeypatch):
    def installed(version):
        caching._host_packages.cache_clear()
        monkeypatch.setattr(
            caching, "distributions", lambda: [SimpleNamespace(name="tool", version=version)]
        )
        return key(image=HOST_IMAGE)

    first, second, again = installed("1"), installed("2"), installed("1")
    caching._host_packages.cache_clear()

    assert first == again
    assert first != second


class Slow:
    """An engine that answers when it is told to, and notes who was asked for."""

    def __init__(self):
        self.may_answer = threading.Event()
        self.runs = []

    def ask(self, run_id, query):
        self.runs.append(run_id)
        assert self.may_answer.wait(5)
        return CacheAnswer(results=[None] * len(query.keys))


def test_runs_take_turns(tmp_path, monkeypatch):
    monkeypatch.setattr(caching, "_MOST_AT_ONCE", 10)
    engine, inbox = Slow(), SimpleQueue()
    lookups = CacheLookups(inbox, ask=engine.ask, exchange=tmp_path)
    for _ in range(100):
        lookups.ask(question(run_id="long"))
    lookups.ask(question(run_id="short"))
    engine.may_answer.set()

    for _ in range(13):
        if inbox.get(timeout=5).answers[0].job.run_id == "short":
            break

    assert engine.runs.index("short") <= 2


def test_questions_of_a_run_that_is_over_are_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(caching, "_MOST_AT_ONCE", 10)
    engine, inbox = Slow(), SimpleQueue()
    lookups = CacheLookups(inbox, ask=engine.ask, exchange=tmp_path)
    for _ in range(100):
        lookups.ask(question(run_id="stopped"))
    lookups.forget("stopped")
    lookups.ask(question(run_id="next"))
    engine.may_answer.set()

    answers = []
    while not answers or answers[-1].job.run_id != "next":
        answers += inbox.get(timeout=5).answers
    assert len(answers) <= 11
    assert lookups._runs.keys() == {"next"}
