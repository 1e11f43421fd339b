import pytest

from orquestra.cli.failures import Failure
from orquestra.sdk import exceptions as sdk
from orquestra.sdk.schema.workflow_run import State
from tests.unit.cli.canned_engine import token


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (sdk.ConfigNameNotFoundError("no"), 2),
        (sdk.NoOptionsAvailableError("nothing"), 2),
        (sdk.QERemoved("no more"), 11),
        (sdk.WorkflowSyntaxError("no"), 8),
        (sdk.WorkflowRunNotStarted("refused"), 9),
        (sdk.WorkflowRunNotFinished("not yet", State.RUNNING), 9),
        (sdk.WorkflowDefinitionModuleNotFound("flows", ["."]), 7),
        (sdk.WorkflowRunNotFoundError("no such run"), 255),
        (sdk.RemoteConnectionError("http://engine.example"), 11),
        (sdk.RayNotRunningError(), 11),
        (sdk.UnauthorizedError("log in"), 12),
        (sdk.LocalConfigLoginError("no login needed"), 14),
        (sdk.InProcessFromCLIError("no such runs"), 15),
        (sdk.UserCancelledPrompt("never mind"), 15),
        (sdk.ProjectInvalidError("not yours"), 255),
        (PermissionError(13, "Permission denied", "/etc/orquestra"), 1),
        (sdk.FutureNotAValueError("a future was copied"), 8),
        (sdk.BaseRuntimeError("the answer is not right"), 255),
        (FileNotFoundError("ORQUESTRA_PASSPORT_FILE says that there is a token"), 1),
        (OSError(28, "No space left on device"), 1),
        (UnicodeEncodeError("ascii", "✓", 0, 1, "ordinal not in range(128)"), 1),
        (KeyError("surprise"), 255),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error, code):
    failure = Failure.of(error)

    assert failure.exit_code == code
    assert ("defect" in (failure.hint or "")) is isinstance(error, KeyError)


def test_an_expected_error_is_shown_without_a_traceback(capsys):
    Failure.of(sdk.WorkflowRunNotFoundError("There is no workflow run 'x'.")).show()

    assert capsys.readouterr().err.splitlines() == [
        "error: There is no workflow run 'x'.",
        "hint: `orq wf list` shows your runs; without `-c`, all saved logins are asked for it",
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
