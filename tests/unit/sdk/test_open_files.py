"""Processes may have as many open files as they need."""

import resource

import pytest

from orquestra.sdk.open_files import allow_many_files

ENDLESS = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "then"),
    [
        ((1_024, 4_096), (4_096, 4_096)),
        ((1_024, 1_000_000), (65_536, 1_000_000)),
        ((1_024, ENDLESS), (65_536, ENDLESS)),
        ((100_000, 1_000_000), (100_000, 1_000_000)),
    ],
)
def test_the_limit_is_raised_as_far_as_it_may(monkeypatch, limits, then):
    found = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: found.append(limits))

    allow_many_files()

    assert found == [then]


def test_a_limit_that_is_none_stays(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (ENDLESS, ENDLESS))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: pytest.fail("it was changed"))

    allow_many_files()
