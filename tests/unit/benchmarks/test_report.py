"""The JSON document, the table and the picture of the same rows."""

import json
from datetime import UTC, datetime

import pytest

from benchmarks.machine import machine, versions
from benchmarks.picture import draw
from benchmarks.report import Report
from benchmarks.rows import DASK, OURS, RAW_RAY, Goal, Row
from benchmarks.table import amount, cells, print_table

ROWS = [
    Row(
        work="fan-out",
        measurements={RAW_RAY: [1.0, 2.0, 3.0], DASK: [4.0], OURS: [0.5]},
        goal=Goal(limit=0.3, against=RAW_RAY),
        details={"tasks": 11},
    ),
    Row(work="hidden", unit="", measurements={OURS: [0.7]}, goal=Goal(limit=0.8, at_least=True)),
    Row(work="broken", problem="broken: [red] it failed"),
]


@pytest.fixture
def document(tmp_path):
    report = Report(
        began=datetime(2026, 1, 2, tzinfo=UTC),
        machine=machine(),
        versions=versions(),
        quick=False,
        rows={"dispatch": ROWS[:1], "later-image": ROWS[1:]},
    )
    report.write(tmp_path / "results.json")
    return json.loads((tmp_path / "results.json").read_text())


def test_the_document_says_what_was_measured_and_with_what(document):
    assert document["began"] == "2026-01-02T00:00:00+00:00"
    assert document["machine"]["cpus"] > 0
    assert document["versions"]["ray"]


def test_the_document_has_every_measurement_and_what_follows(document):
    assert document["rows"][0] == {
        "benchmark": "dispatch",
        "work": "fan-out",
        "unit": "s",
        "medians": {RAW_RAY: 2.0, DASK: 4.0, OURS: 0.5},
        "ratio": 0.25,
        "goal": {"limit": 0.3, "against": RAW_RAY, "at_least": False},
        "reached": True,
        "problem": None,
        "details": {"tasks": 11},
        "measurements": {RAW_RAY: [1.0, 2.0, 3.0], DASK: [4.0], OURS: [0.5]},
    }
    assert [row["reached"] for row in document["rows"]] == [True, False, None]


def test_a_line_of_the_table_has_all_figures():
    assert cells(ROWS[0]) == ("fan-out", "2 s", "4 s", "0.5 s", "0.25", "≤ 0.3 x", "yes")
    assert cells(ROWS[1]) == ("hidden", "-", "-", "0.7", "-", "≥ 0.8", "NO")


def test_below_the_table_stands_what_could_not_be_measured(capsys):
    print_table(ROWS)

    assert capsys.readouterr().out.rstrip().endswith("\n\nbroken: [red] it failed")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "s", "-"),
        (0.00144, "s", "1.44 ms"),
        (0.445, "s", "0.445 s"),
        (18.23, "s", "18.2 s"),
        (12345.6, "MiB", "12,346 MiB"),
        (0.93, "", "0.93"),
    ],
)
def test_an_amount_has_three_digits_and_its_unit(value, unit, text):
    assert amount(value, unit=unit) == text


def test_the_picture_is_drawn(tmp_path):
    draw(ROWS, tmp_path / "results.png")

    assert (tmp_path / "results.png").stat().st_size > 0


def test_without_measurements_there_is_no_picture(tmp_path):
    draw(ROWS[2:], tmp_path / "results.png")

    assert not (tmp_path / "results.png").exists()
