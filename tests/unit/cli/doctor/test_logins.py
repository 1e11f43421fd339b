import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from orquestra.cli.doctor import logins
from orquestra.cli.doctor.findings import Verdict
from orquestra.sdk.configuration.config_file import config_path, read_configs
from orquestra.sdk.packaging import get_installed_version
from tests.unit.cli.canned_engine import token

OWN = get_installed_version("orquestra-sdk")


@pytest.fixture
def healthy(engine):
    """An engine that accepts every login and is of this release."""
    engine.answer_bare("/api/catalog/workspaces", [])
    engine.answer_bare("/openapi.json", {"info": {"version": OWN}})
    return engine


@pytest.fixture
def check(orq, tmp_path):
    """Checks a login that is saved with these options."""

    def look(**options):
        entry = {"config_name": "lab", "runtime_name": "CE_REMOTE", "runtime_options": options}
        config_path().write_text(json.dumps({"configs": {"lab": entry}}))
        return list(logins.checks(only=None)["Login lab"]())

    return look


def verdicts(findings):
    return [finding.verdict for finding in findings]


def test_a_login_that_works_is_fine(check, healthy):
    accepted, release = check(uri=healthy.uri, token=token(expires_in=864_000))

    assert (accepted.verdict, accepted.text) == (Verdict.OK, f"{healthy.uri} accepts it")
    assert (release.verdict, release.text) == (Verdict.OK, f"its engine is release {OWN}")


@pytest.mark.parametrize(
    ("given", "text", "verdict"),
    [
        (token(expires_in=3600), "its token expires", Verdict.NOTE),
        (token(expires_in=-1), "its token has expired", Verdict.PROBLEM),
        ("secret", "its token is not valid", Verdict.PROBLEM),
        (None, "its token is not valid", Verdict.PROBLEM),
    ],
)
def test_a_token_that_does_not_hold_for_long_is_told(check, healthy, given, text, verdict):
    first, *_ = check(uri=healthy.uri, token=given)

    assert first.text.startswith(text)
    assert (first.verdict, first.fix) == (verdict, "orq login -c lab")


@pytest.mark.parametrize(
    ("status", "text"),
    [(401, "does not accept it"), (403, "does not accept it"), (502, "answered 502")],
)
def test_a_refusal_is_told(check, healthy, status, text):
    healthy.answers["/api/catalog/workspaces"] = (status, b"")

    refused, *_ = check(uri=healthy.uri, token=token(expires_in=864_000))

    assert refused.verdict is Verdict.PROBLEM
    assert text in refused.text


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1", "lab.example", "http://[", "ftp://a.b"])
def test_an_engine_that_cannot_be_reached_is_told(check, uri):
    (finding,) = check(uri=uri, token=token(expires_in=864_000))

    assert finding.verdict is Verdict.PROBLEM
    assert finding.text.startswith(f"{uri} cannot be reached: ")


def test_a_login_without_an_address_is_told(check):
    (finding,) = check(token=token())

    assert finding.fix == "orq login -s <server> --name lab"


def test_an_engine_of_another_major_release_is_told(check, healthy):
    healthy.answer_bare("/openapi.json", {"info": {"version": "9.1.0"}})

    *_, release = check(uri=healthy.uri, token=token(expires_in=864_000))

    assert release.verdict is Verdict.PROBLEM
    assert release.fix == 'pip install "orquestra-sdk==9.1.0"'


@pytest.mark.parametrize("document", [{}, [], {"info": {"version": "the best"}}])
def test_an_engine_that_does_not_say_its_release_is_only_noted(check, healthy, document):
    healthy.answer_bare("/openapi.json", document)

    *_, release = check(uri=healthy.uri, token=token(expires_in=864_000))

    assert release.verdict is Verdict.NOTE


@pytest.mark.parametrize(("minutes", "side"), [(5, "behind"), (-5, "ahead of")])
def test_a_clock_that_is_wrong_is_told(check, healthy, minutes, side):
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    healthy.headers["Date"] = format_datetime(moment, usegmt=True)

    _, clock, _ = check(uri=healthy.uri, token=token(expires_in=864_000))

    assert clock.verdict is Verdict.PROBLEM
    assert side in clock.text


def test_only_logins_of_compute_engines_are_asked(orq):
    entries = {
        name: {"config_name": name, "runtime_name": kind, "runtime_options": {}}
        for name, kind in [("lab", "CE_REMOTE"), ("old", "QE_REMOTE"), ("ray", "RAY_LOCAL")]
    }
    config_path().write_text(json.dumps({"configs": entries}))

    assert read_configs().keys() == {"lab", "old", "ray"}
    assert logins.checks(only=None).keys() == {"Login lab"}
    assert logins.checks(only="other") == {}


@pytest.mark.parametrize("only", [None, "local"])
def test_a_login_whose_name_means_something_else_is_a_problem(orq, healthy, only):
    options = {"uri": healthy.uri, "token": token(expires_in=864_000)}
    entry = {"config_name": "local", "runtime_name": "CE_REMOTE", "runtime_options": options}
    config_path().write_text(json.dumps({"configs": {"local": entry}}))

    (finding,) = logins.checks(only=only)["Login local"]()

    assert finding.verdict is Verdict.PROBLEM
    assert finding.fix == f"orq login -s {healthy.uri} --name <another name>"


@pytest.mark.parametrize("kind", ["QE_REMOTE", "RAY_LOCAL", "SOMETHING"])
def test_a_login_of_another_kind_that_is_named_is_said_not_to_be_checked(orq, kind):
    entry = {"config_name": "old", "runtime_name": kind, "runtime_options": {}}
    config_path().write_text(json.dumps({"configs": {"old": entry}}))

    (finding,) = logins.checks(only="old")["Login old"]()

    assert finding.verdict is Verdict.NOTE
    assert f"{kind}: not checked" in finding.text


class TestFile:
    def test_that_is_not_there_is_only_noted(self, orq):
        (finding,) = logins.check_file()

        assert (finding.verdict, finding.fix) == (Verdict.NOTE, "orq login -s <server>")

    def test_that_orq_has_written_is_fine(self, logged_in):
        (finding,) = logins.check_file()

        assert (finding.verdict, finding.text) == (Verdict.OK, f"1 in {config_path()}")

    @pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"configs": {"a": {}}}'])
    def test_that_cannot_be_read_is_told(self, orq, content):
        config_path().write_bytes(content)

        (finding,) = logins.check_file()

        assert finding.verdict is Verdict.PROBLEM
        assert re.search("Invalid JSON: .* at line 1|should be an object|Field req", finding.text)
        assert logins.checks(only=None) == {}

    def test_that_others_may_read_is_told(self, logged_in):
        config_path().chmod(0o640)

        _, finding = logins.check_file()

        assert (finding.verdict, finding.fix) == (Verdict.PROBLEM, f"chmod 600 {config_path()}")

    def test_of_another_format_is_noted(self, logged_in):
        content = json.loads(config_path().read_text()) | {"version": "9"}
        config_path().write_text(json.dumps(content))

        _, finding = logins.check_file()

        assert finding.verdict is Verdict.NOTE
        assert "format 9" in finding.text
