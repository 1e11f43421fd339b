from datetime import timedelta

import pytest

from orquestra import sdk
from orquestra.sdk.code.fingerprints import fingerprint
from orquestra.sdk.schema import ir
from orquestra.sdk.tracing.caching import checked_cache_policy
from tests.unit.sdk.tracing.one_task import fn, model_of
from tests.unit.sdk.user_projects import imported, run, write


@pytest.mark.parametrize(
    ("cache", "policy"),
    [
        (None, None),
        (False, None),
        (True, sdk.CachePolicy()),
        (sdk.CachePolicy(max_age=5), sdk.CachePolicy(max_age=5)),
    ],
)
def test_caching_is_a_yes_or_a_policy(cache, policy):
    assert checked_cache_policy(cache) == policy


@pytest.mark.parametrize(
    ("make", "error", "what_to_write"),
    [
        (lambda: sdk.task(cache=1), TypeError, r"cache=True, or cache=sdk\.CachePolicy"),
        (lambda: sdk.task(cache="yes"), TypeError, "cache=True"),
        (lambda: sdk.CachePolicy(max_age="7d"), TypeError, r"timedelta\(days=7\)"),
        (lambda: sdk.CachePolicy(max_age=-1), ValueError, "zero or more"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_is_given(make, error, what_to_write):
    with pytest.raises(error, match=what_to_write):
        make()


@pytest.mark.parametrize(
    ("cache", "seconds"),
    [
        (True, None),
        (sdk.CachePolicy(max_age=90), 90.0),
        (sdk.CachePolicy(max_age=timedelta(minutes=2)), 120.0),
    ],
)
def test_a_definition_has_the_policy_with_the_fingerprint_of_the_code(cache, seconds):
    assert model_of(cache=cache).cache == ir.CachePolicy(
        fingerprint=fingerprint(fn), max_age_seconds=seconds
    )


def test_a_definition_says_nothing_without_a_policy():
    assert "cache" not in model_of().model_dump()


CONFIGS = """
from dataclasses import dataclass
from orquestra import sdk

def doubled(x):
    return 2 * x

@dataclass
class Config:
    rate: float
    names: frozenset[str] = frozenset({"a", "b", "c"})
    def scaled(self, x):
        return doubled(x) * self.rate

class Locked(Config):
    import threading
    lock = threading.Lock()

@sdk.task(cache=True)
def cached(*args): ...

@sdk.task
def uncached(*args): ...

@sdk.workflow
def flow():
    return cached(Config(0.5), {"inside": [Config(0.25), uncached()]})
"""
SHOW = """
for node in flow().model.constant_nodes.values():
    if node.serialization_format != "JSON":
        print(node.chunks, node.fingerprint, sep="|")
"""


def constants_of(folder, text, *, as_main):
    """Bytes and fingerprints of the objects given in `flow`, last ones first, by a new process."""
    write(folder, {"wf.py": text})
    program = text if as_main else "from wf import flow"
    printed = run(folder, "import sys; sys.dont_write_bytecode = True\n" + program + SHOW)
    lines = [line.split("|") for line in printed.splitlines()]
    return [line[0] for line in lines], [line[1] for line in lines]


@pytest.mark.parametrize("as_main", [False, True])
def test_objects_with_their_class_have_the_same_fingerprint_in_every_process(
    tmp_path, monkeypatch, as_main
):
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    data, fingerprints = constants_of(tmp_path, CONFIGS, as_main=as_main)
    monkeypatch.setenv("PYTHONHASHSEED", "2")
    others, same = constants_of(tmp_path, CONFIGS, as_main=as_main)

    assert data != others
    assert fingerprints == same
    assert len(set(fingerprints)) == 2
    assert "None" not in fingerprints


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("Config(0.5)", "Config(0.75)", [False, True]),
        ('"b"', '"d"', [True, True]),
        ("* self.rate", "+ self.rate", [True, True]),
        ("2 * x", "3 * x", [True, True]),
        ("@dataclass", "# a comment\n@dataclass", [False, False]),
    ],
)
def test_a_changed_field_or_method_changes_the_fingerprint_of_an_object(
    tmp_path, old, new, changed
):
    _, before = constants_of(tmp_path, CONFIGS, as_main=False)
    _, after = constants_of(tmp_path, CONFIGS.replace(old, new), as_main=False)

    assert [one != other for one, other in zip(before, after, strict=True)] == changed


@pytest.fixture
def wf(tmp_path):
    write(tmp_path, {"wf.py": CONFIGS})
    with imported(tmp_path, "wf") as module:
        yield module


def constants(make_outputs):
    return [*sdk.workflow(make_outputs)().model.constant_nodes.values()]


def fingerprints(make_outputs):
    """Those of all constants, in the order in which they were given."""
    return [getattr(node, "fingerprint", None) for node in reversed(constants(make_outputs))]


def test_fingerprints_of_constants_are_written_only_where_they_are_used(wf):
    config, inside = wf.Config(1), [wf.Config(2)]
    wf.cached(config, inside)  # not part of any workflow

    plain = constants(lambda: [wf.uncached(config, [*inside, wf.cached()]), wf.cached({1, 2}, 1)])

    assert not [node.id for node in plain if "fingerprint" in node.model_dump()]


def test_an_object_that_other_tasks_are_given_too_stays_one_constant(wf):
    config = wf.Config(1)

    (node,) = constants(lambda: [wf.uncached(config), wf.cached(config), wf.uncached(config)])

    assert node.fingerprint


def test_the_fingerprint_of_an_object_is_of_the_moment_of_the_call(wf):
    def outputs():
        config = wf.Config(1)
        first = wf.cached(config)
        config.rate = 2
        second = wf.cached(config)
        config.rate = 3
        return first, second, wf.cached(wf.Config(1)), wf.cached(wf.Config(2))

    first, second, *expected = fingerprints(outputs)

    assert [first, second] == expected
    assert first != second


def test_an_object_of_which_nothing_can_be_told_counts_with_its_bytes(wf):
    assert fingerprints(lambda: wf.cached(wf.Locked(1))) == [None]
