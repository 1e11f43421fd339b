from datetime import timedelta

import pytest

from orquestra import sdk
from orquestra.sdk.tracing.durations import checked_duration, in_seconds


@pytest.mark.parametrize(
    ("given", "duration"),
    [
        (0, timedelta()),
        (1.5, timedelta(seconds=1.5)),
        (600, timedelta(minutes=10)),
        (timedelta(hours=1), timedelta(hours=1)),
    ],
)
def test_seconds_and_lengths_of_time_are_taken(given, duration):
    assert checked_duration(given, name="x", example="1") == duration
    assert in_seconds(given) == duration.total_seconds()


@pytest.mark.parametrize(
    ("given", "error", "problem"),
    [
        ("10s", TypeError, "x='10s' is of the type str. Write seconds or a timedelta, like x=1"),
        (True, TypeError, "of the type bool"),
        (None, TypeError, "of the type NoneType"),
        (-1, ValueError, "zero or more seconds"),
        (timedelta(seconds=-1), ValueError, "zero or more seconds"),
        (float("nan"), ValueError, "zero or more seconds"),
        (float("inf"), ValueError, "zero or more seconds"),
        (1e300, ValueError, "longer than any clock counts"),
    ],
)
def test_everything_else_is_refused(given, error, problem):
    with pytest.raises(error, match=problem):
        checked_duration(given, name="x", example="1")


@pytest.mark.parametrize(
    ("timeout", "error", "problem"),
    [
        (0, ValueError, "timeout=0 leaves no time"),
        (-1, ValueError, "zero or more"),
        ("1h", TypeError, "timeout=600"),
    ],
)
def test_a_timeout_leaves_time(timeout, error, problem):
    with pytest.raises(error, match=problem):
        sdk.task(timeout=timeout)


def test_a_definition_has_the_timeout_of_a_task_and_says_nothing_without_one():
    def model_of(**options):
        task = sdk.task(lambda: 1, **options)
        (model,) = sdk.workflow(lambda: [task()]).model.tasks.values()
        return model

    assert model_of(timeout=timedelta(minutes=1)).timeout_seconds == 60.0
    assert model_of(timeout=0.5).timeout_seconds == 0.5
    assert "timeout_seconds" not in model_of().model_dump()
