"""What follows from measurements: medians, ratios, and whether a goal is reached."""

import pytest

from benchmarks.rows import DASK, OURS, RAW_RAY, Goal, Row

BY_HAND = "by hand"


def row(goal=None, **options):
    measurements = {RAW_RAY: [3.0, 1.0, 2.0], DASK: [8.0], OURS: [0.5, 0.7, 0.6]}
    return Row(work="work", measurements=measurements, goal=goal, **options)


def test_a_ratio_is_that_of_the_medians():
    assert row().ratio() == pytest.approx(0.3)
    assert row().ratio(DASK) == pytest.approx(4)


def test_a_goal_against_another_decides_by_the_ratio():
    assert row(Goal(limit=0.31, against=RAW_RAY)).reached is True
    assert row(Goal(limit=0.29, against=RAW_RAY)).reached is False


def test_a_goal_without_another_decides_by_our_median():
    assert row(Goal(limit=0.6)).reached is True
    assert row(Goal(limit=0.59)).reached is False


@pytest.mark.parametrize(("share", "reached"), [(0.9, True), (0.8, True), (0.79, False)])
def test_a_goal_can_be_a_least(share, reached):
    goal = Goal(limit=0.8, at_least=True)

    assert Row(work="w", unit="", measurements={OURS: [share]}, goal=goal).reached is reached


def test_the_ratio_is_to_whom_the_goal_names():
    measured = {OURS: [6.0], BY_HAND: [5.0], RAW_RAY: [1.0]}
    found = Row(work="w", measurements=measured, goal=Goal(limit=1.2, against=BY_HAND))

    assert found.ratio() == pytest.approx(1.2)
    assert found.figure == found.ratio()


@pytest.mark.parametrize("measured", [{}, {OURS: []}, {RAW_RAY: [1.0]}])
def test_nothing_is_reached_without_a_measurement_of_ours(measured):
    found = Row(work="w", measurements=measured, goal=Goal(limit=1, against=RAW_RAY))

    assert found.reached is None
    assert found.ratio() is None


def test_without_a_goal_nothing_is_reached_or_missed():
    assert row().reached is None


@pytest.mark.parametrize(
    ("goal", "figure", "share"),
    [
        (Goal(limit=10), 5, 0.5),
        (Goal(limit=10), 20, 2),
        (Goal(limit=0.8, at_least=True), 0.4, 2),
        (Goal(limit=0.8, at_least=True), 0, float("inf")),
    ],
)
def test_a_share_above_one_misses_the_goal(goal, figure, share):
    assert goal.share(figure) == pytest.approx(share)
    assert goal.is_reached(figure) is (share <= 1)
