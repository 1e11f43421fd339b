from datetime import UTC, datetime, timedelta

import pytest

from orquestra.cli.login.listing import expiry
from tests.unit.cli.canned_engine import token


@pytest.mark.parametrize("arguments", [["--list"], ["-l"], ["list"]])
def test_the_list_marks_logins_that_still_work(orq, write_logins, arguments):
    write_logins(
        lab={"uri": "https://lab.example.com", "token": token()},
        old={"uri": "https://old.example.com", "token": token(expires_in=-60)},
        bare={"uri": "https://bare.example.com"},
        lost={"token": token()},
    )
    write_logins.add("quantum", "QE_REMOTE", uri="https://qe.example.com", token=token())
    write_logins.add("my-ray", "RAY_LOCAL")

    result = orq("login", *arguments)

    assert result.stdout.startswith("Stored Logins:\n")
    rows = [line.split() for line in result.stdout.splitlines()]
    shown = {row[0]: (row[1], row[-1]) for row in rows if len(row) > 2 and "_" in row[1]}
    assert shown == {
        "lab": ("CE_REMOTE", "✓"),
        "old": ("CE_REMOTE", "⨉"),
        "bare": ("CE_REMOTE", "⨉"),
        "lost": ("CE_REMOTE", "⨉"),
        "quantum": ("QE_REMOTE", "✓"),
    }


def test_the_document_says_when_a_token_expires(orq, write_logins):
    write_logins(
        lab={"uri": "https://lab.example.com", "token": token(expires_in=3600)},
        bare={"uri": "https://bare.example.com"},
    )

    lab, bare = orq.json("login", "list")["logins"]

    left = datetime.fromisoformat(lab.pop("expires")) - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert lab == {
        "name": "lab",
        "runtime": "CE_REMOTE",
        "uri": "https://lab.example.com",
        "valid": True,
    }
    assert (bare["valid"], bare["expires"]) == (False, None)


def test_an_empty_list_says_how_to_log_in(orq):
    assert "orq login -s <remote uri>" in orq("login", "--list").stdout


@pytest.mark.parametrize("expires_in", [1e30, float("inf")])
def test_an_expiry_that_is_no_time_is_unknown(monkeypatch, expires_in):
    monkeypatch.setattr("orquestra.cli.login.listing.read_claims", lambda _: {"exp": expires_in})

    assert expiry("token") is None
