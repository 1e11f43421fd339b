"""The command as a whole; what the checks find is tested beside it."""

import json
from datetime import timedelta
from threading import Event

import pytest

from orquestra.cli.doctor import containers, installation, logins, machine, running
from orquestra.cli.doctor.findings import note, ok, problem
from tests.unit.cli.canned_engine import token


@pytest.fixture
def found(monkeypatch):
    """Has the checks find something, in place of looking at this machine."""

    def find(*findings):
        monkeypatch.setattr(installation, "check", lambda: findings)
        nothing = {containers: "check", machine: "check_disk"}
        for module, name in nothing.items():
            monkeypatch.setattr(module, name, list)
        for name in ("check_local_runtime", "check_graphviz"):
            monkeypatch.setattr(machine, name, list)
        monkeypatch.setattr(logins, "check_file", list)

    return find


def test_what_is_fine_ends_well(orq, found):
    found(ok("Disk", "much room"), note("Graphviz", "not installed", fix="install it"))

    result = orq("doctor")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "✓ Disk             much room",
        "! Graphviz         not installed",
        "                   fix: install it",
        "No problems found.",
    ]


def test_a_problem_ends_with_an_exit_code_of_its_own(orq, found):
    found(problem("Disk", "full\nor nearly so", fix="make room"))

    result = orq("doctor")

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "⨉ Disk             full",
        "                   or nearly so",
        "                   fix: make room",
        "1 problem found.",
    ]


def test_the_document_has_all_findings(orq, found):
    found(problem("Disk", "full", fix="make room"))

    result = orq("doctor", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "ok": False,
        "checks": [{"subject": "Disk", "verdict": "problem", "text": "full", "fix": "make room"}],
    }


def test_one_login_is_checked_where_it_is_named(logged_in, engine, found):
    found()
    logged_in("login", "-s", engine.uri, "--name", "other", "-t", token())

    subjects = {
        check["subject"]
        for check in json.loads(logged_in("doctor", "-c", "127", "--json").stdout)["checks"]
    }

    assert subjects == {"Login 127"}


@pytest.mark.parametrize("name", ["local", "ray", "in_process", "auto"])
def test_a_name_that_is_built_in_is_of_no_login(logged_in, found, name):
    found()

    assert logged_in.json("doctor", "-c", name)["checks"] == []


def test_a_name_of_no_login_is_told(orq, found):
    found()

    assert orq("doctor", "-c", "nothing").exit_code == 2


class TestRunning:
    def test_findings_come_in_the_order_of_the_checks_whoever_ends_first(self):
        is_done = Event()

        def slow():
            assert is_done.wait(2)
            return [ok("first", "")]

        def quick():
            is_done.set()
            return [ok("second", "")]

        found = running.findings({"a": slow, "b": quick})

        assert [finding.subject for finding in found] == ["first", "second"]

    def test_a_check_that_hangs_is_told_and_holds_up_nothing(self):
        never = Event()
        checks = {"hangs": never.wait, "works": lambda: [ok("works", "")]}

        hung, _ = running.findings(checks, limit=timedelta(milliseconds=50))

        never.set()
        assert (hung.subject, hung.verdict.value) == ("hangs", "problem")
        assert "has not ended within 0.05 s" in hung.text

    def test_a_check_that_fails_is_told(self):
        (finding,) = running.findings({"broken": lambda: 1 / 0})

        assert finding.subject == "broken"
        assert "ZeroDivisionError" in finding.text
