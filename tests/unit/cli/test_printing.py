import pytest

from orquestra.cli import printing


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, ""),
        (0.00042, "0.42 ms"),
        (0.0123, "12.3 ms"),
        (0.9991, "999 ms"),
        (0.9999, "1.0 s"),
        (12.34, "12.3 s"),
        (59.99, "60.0 s"),
        (60.2, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (90_060, "25 h 01 min"),
    ],
)
def test_a_duration_is_shown_as_people_say_it(seconds, text):
    assert printing.duration(seconds) == text
