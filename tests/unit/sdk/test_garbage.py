"""Collecting garbage less often."""

import gc

import pytest

from orquestra.sdk.garbage import collect_garbage_seldom


@pytest.fixture(autouse=True)
def _as_before():
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_garbage_is_looked_for_less_often_and_not_among_what_exists():
    gc.set_threshold(700, 10, 10)

    collect_garbage_seldom()

    assert gc.get_threshold()[0] > 700
    assert gc.get_freeze_count() > 0
    assert gc.isenabled()
