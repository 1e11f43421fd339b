"""Collecting garbage less often."""

import gc

import pytest

from orquestra.sdk.garbage import collect_garbage_seldom, garbage_kept


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


@pytest.mark.parametrize("enabled", [True, False])
def test_in_a_block_no_garbage_is_looked_for_and_then_it_is_as_before(enabled):
    (gc.enable if enabled else gc.disable)()
    try:
        with garbage_kept():
            assert not gc.isenabled()
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
