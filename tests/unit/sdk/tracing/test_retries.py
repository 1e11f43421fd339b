from datetime import timedelta

import pytest

from orquestra import sdk
from orquestra.sdk.schema import ir
from orquestra.sdk.tracing.retries import checked_retry_policy, retry_policy_model
from tests.unit.sdk.tracing.one_task import model_of


@pytest.mark.parametrize(
    ("retries", "policy"),
    [
        (None, None),
        (0, None),
        (2, sdk.RetryPolicy(2)),
        (sdk.RetryPolicy(1, 0.5, 1, 2), sdk.RetryPolicy(1, 0.5, 1, 2)),
    ],
)
def test_retries_are_a_number_or_a_policy(retries, policy):
    assert checked_retry_policy(retries) == policy


def test_a_policy_without_words_doubles_its_waits_from_a_second_to_a_minute():
    assert retry_policy_model(sdk.RetryPolicy()) == ir.RetryPolicy(
        max_retries=3, delay_seconds=1.0, backoff=2.0, max_delay_seconds=60.0
    )


def test_waits_may_be_lengths_of_time():
    policy = sdk.RetryPolicy(delay=timedelta(minutes=1), max_delay=timedelta(hours=1))

    model = retry_policy_model(policy)

    assert (model.delay_seconds, model.max_delay_seconds) == (60.0, 3600.0)


@pytest.mark.parametrize(
    ("make", "error", "what_to_write"),
    [
        (lambda: sdk.task(retries="3"), TypeError, r"retries=3, or a sdk\.RetryPolicy"),
        (lambda: sdk.task(retries=True), TypeError, "retries=3"),
        (lambda: sdk.task(retries=2.5), TypeError, "retries=3"),
        (lambda: sdk.task(retries=-1), ValueError, "retries must not be negative"),
        (lambda: sdk.RetryPolicy(-1), ValueError, "max_retries must not be negative"),
        (lambda: sdk.RetryPolicy("1"), TypeError, "max_retries=3"),
        (lambda: sdk.RetryPolicy(delay=-1), ValueError, r"delay=-1 must be zero or more"),
        (lambda: sdk.RetryPolicy(delay="1s"), TypeError, r"delay='1s'.*delay=1\.0"),
        (lambda: sdk.RetryPolicy(max_delay=float("inf")), ValueError, "max_delay=inf"),
        (lambda: sdk.RetryPolicy(backoff=0.5), ValueError, r"backoff=0\.5 must be 1 or more"),
        (lambda: sdk.RetryPolicy(backoff="2"), TypeError, r"backoff=2\.0"),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_is_given(make, error, what_to_write):
    with pytest.raises(error, match=what_to_write):
        make()


def test_a_definition_has_the_policy_of_a_task_and_says_nothing_without_one():
    assert model_of(retries=2).retry_policy == retry_policy_model(sdk.RetryPolicy(2))
    assert "retry_policy" not in model_of().model_dump()
