import pytest

from orquestra.cli.failures import Failure
from orquestra.sdk import exceptions as sdk
from orquestra.sdk.schema.workflow_run import State
from tests.unit.cli.canned_engine import token


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (sdk.ConfigNameNotFoundError("no"), 2),
        (sdk.QERemoved("no more"), 2),
        (sdk.WorkflowSyntaxError("no"), 8),
        (sdk.WorkflowRunNotStarted("refused"), 9),
        (sdk.WorkflowRunNotFinished("not yet", State.RUNNING), 9),
        (sdk.WorkflowRunNotFoundError("no such run"), 10),
        (sdk.RemoteConnectionError("http://engine.example"), 11),
        (sdk.RayNotRunningError(), 11),
        (sdk.UnauthorizedError("log in"), 12),
        (PermissionError(13, "Permission denied", "/etc/orquestra"), 1),
        (sdk.FutureNotAValueError("a future was copied"), 8),
        (sdk.BaseRuntimeError("the answer is not right"), 1),
        (KeyError("surprise"), 255),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error, code):
    assert Failure.of(error).exit_code == code


def test_an_expected_error_is_shown_without_a_traceback(capsys):
    Failure.of(sdk.WorkflowRunNotFoundError("There is no workflow run 'x'.")).show()

    assert capsys.readouterr().err.splitlines() == [
        "error: There is no workflow run 'x'.",
        "hint: `orq wf list` shows your runs; `-c` chooses another Compute Engine",
    ]


def test_an_unexpected_error_says_where_it_happened_and_how_to_report_it(capsys):
    try:
        {}["surprise"]
    except KeyError as error:
        Failure.of(error).show()

    written = capsys.readouterr().err
    assert "KeyError: 'surprise'" in written
    assert "at test_failures.py:" in written
    assert "please report it" in written


def test_the_only_error_of_a_group_is_reported_itself():
    group = ExceptionGroup("servers", [sdk.UnauthorizedError("Log in again.")])

    assert Failure.of(group).message == "Log in again."


def test_a_file_that_cannot_be_used_is_named_with_the_reason(orq, tmp_path):
    lock = tmp_path / "config.json.lock"
    lock.mkdir()

    result = orq("login", "-s", "https://lab.example.com", "-t", token())

    assert result.exit_code == 1
    assert result.stderr == f"error: {lock} cannot be used: Is a directory\n"
