"""How long to wait before a repeat."""

import pytest

from orquestra.sdk.schema import ir


@pytest.mark.parametrize(
    ("repeat", "seconds"), [(1, 1.0), (2, 3.0), (3, 9.0), (4, 20.0), (10_000, 20.0)]
)
def test_pauses_grow_up_to_a_limit(repeat, seconds):
    policy = ir.RetryPolicy(max_retries=9, delay_seconds=1, backoff=3, max_delay_seconds=20)

    assert policy.pause(repeat) == seconds
