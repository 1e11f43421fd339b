"""Tables and texts, as they look."""

import json
import sys

import pytest

from orquestra.cli import printing

LIST = """
  Workflow Run ID   Status          Succeeded Tasks   Start Time
 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
  wf1               mocked status   x/y               Fri Feb 24 08:26:07 2023
  wf2               mocked status   x/y
"""

FACTS = """
  Workflow Def Name   hello_orq
             Status   RUNNING
           End Time
"""


@pytest.fixture
def printed(capsys):
    """What was printed, without blanks at the ends of lines."""
    return lambda: "".join(f"{x.rstrip()}\n" for x in capsys.readouterr().out.splitlines()[:-1])


def test_a_table_looks_as_in_release_1_1(printed):
    printing.print_table(
        ("Workflow Run ID", "Status", "Succeeded Tasks", "Start Time"),
        [
            ("wf1", "mocked status", "x/y", "Fri Feb 24 08:26:07 2023"),
            ("wf2", "mocked status", "x/y", ""),
        ],
    )

    assert printed() == LIST


def test_facts_look_as_in_release_1_1(printed):
    printing.print_facts({"Workflow Def Name": "hello_orq", "Status": "RUNNING", "End Time": ""})

    assert printed() == FACTS


def test_in_a_pipe_nothing_is_folded(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)

    printing.print_table(("Message",), [("long " * 200,)])
    printing.print_rule("Task [Details]")

    lines = capsys.readouterr().out.splitlines()
    assert "long " * 199 in lines[3]
    assert lines[-1] == f"Task [Details] {'─' * 65}"


def test_in_a_narrow_place_cells_are_folded_and_nothing_is_lost(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")

    printing.print_table(("Function", "Message"), [("fit", "0123456789" * 9)])

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 40
    assert "".join(lines[3:]).replace("fit", "").replace(" ", "") == "0123456789" * 9


ID = "fit-with-a-name-that-is-fifty-characters-long-r000"
TABLE = (
    ("Function", "Invocation ID", "Status", "Start Time"),
    ("train_model_of_the_lab", ID, "SUCCEEDED", "08:26:07"),
)


@pytest.mark.parametrize("columns", [30, 60, 80, 90, 100, 120])
def test_whatever_room_there_is_every_cell_can_be_joined_back(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))

    printing.print_table(TABLE[0], [TABLE[1]], whole="Invocation ID")

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    rule = next((k for k, line in enumerate(lines) if "━" in line), None)
    if rule is None:  # no table: the id, then the others with their names
        joined = "".join(line.strip() for line in lines)
        assert joined.startswith(ID)
        assert all(cell in joined for cell in TABLE[1])
    else:
        titles = lines[1:rule]  # of which some are folded
        starts = [max(line.find(title.split()[0]) for line in titles) for title in TABLE[0]]
        for start, end, cell in zip(starts, [*starts[1:], columns], TABLE[1], strict=True):
            assert "".join(line[start:end].strip() for line in lines[rule + 1 :]) == cell


def test_an_id_stays_whole_as_long_as_there_is_room_for_it_alone(capsys, monkeypatch):
    for columns in range(len(ID), 130):
        monkeypatch.setenv("COLUMNS", str(columns))

        printing.print_table(TABLE[0], [TABLE[1]], whole="Invocation ID")

        assert ID in capsys.readouterr().out


def test_no_column_becomes_too_narrow_to_be_read(capsys, monkeypatch):
    for columns in range(20, 80):
        monkeypatch.setenv("COLUMNS", str(columns))

        printing.print_table(("State", "Task", "Message"), [("TERMINATED", "train", "word " * 99)])

        text = capsys.readouterr().out
        assert "TERMINATED" in text
        assert "train" in text


@pytest.mark.parametrize("columns", ["abc", "", "-1", "0"])
def test_a_width_that_is_none_is_passed_over(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)

    printing.print_table(("Message",), [("long " * 50,)])

    assert "long " * 49 in capsys.readouterr().out


def test_a_document_has_nothing_that_is_no_json():
    for print_document in (printing.print_json, printing.print_json_line):
        with pytest.raises(ValueError, match="JSON"):
            print_document({"value": float("nan")})


def test_a_document_of_a_line_is_one_line_for_every_reader(capsys):
    document = {"text": "Grüße\u2028\u2029\x85\n\v\x1c"}

    printing.print_json_line(document)
    printing.print_json_line({"value": 1})

    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        document,
        {"value": 1},
    ]


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


@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_takes_its_time_is_told_at_a_terminal_only(capsys, monkeypatch, is_terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    monkeypatch.setenv("TERM", "xterm")

    with printing.working("Reading logs"):
        pass

    shown = capsys.readouterr()
    assert ("Reading logs…" in shown.err) is is_terminal
    assert shown.out == ""
