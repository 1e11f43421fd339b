from datetime import timedelta

import pytest

from orquestra import sdk
from orquestra.sdk.code.fingerprints import fingerprint
from orquestra.sdk.schema import ir
from orquestra.sdk.tracing.caching import checked_cache_policy


def fn():
    return 1


def model_of(**options):
    task = sdk.task(fn, **options)
    (model,) = sdk.workflow(lambda: [task()]).model.tasks.values()
    return model


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
