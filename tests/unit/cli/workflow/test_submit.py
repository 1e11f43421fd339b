"""`orq wf submit`, against the wire of a Compute Engine."""

import json

import pytest

from tests.unit.cli.canned_engine import token
from tests.unit.sdk.git_places import Clone

FLOWS = """
import warnings
from orquestra import sdk

@sdk.task({options})
def one():
    return 1

@sdk.workflow
def alone():
    {line}
    return one()
"""

WORKSPACE, PROJECT = ("-w", "lab"), ("-p", "fits")
SUBMITTED = "Workflow Submitted! Run ID: fit-aB3xZ-r000\n"


@pytest.fixture
def accepting(engine):
    """An engine with one place to put runs into, which takes every run."""
    engine.answer_places(ada=["default"])
    engine.answer("/api/workflow-definitions", {"id": "def-1"})
    engine.answer_run()
    engine.answer("/api/workflow-runs", {"id": "fit-aB3xZ-r000"})
    return engine


@pytest.fixture
def submit(project, logged_in, accepting):
    (project / "flows_sent.py").write_text(FLOWS.format(options="", line=""))
    return lambda *options: logged_in("wf", "submit", "flows_sent.py", *options)


def created(engine):
    """Where the definition was put."""
    (call,) = (call for call in engine.calls if call.startswith("POST /api/workflow-definitions"))
    return call.partition("?")[2]


def test_a_submitted_workflow_prints_its_run_id_and_the_engines_warnings(submit):
    result = submit()

    assert result.stdout == SUBMITTED
    assert result.stderr == "warning: the ENTRYPOINT of the image is ignored\n"


def test_the_only_login_workspace_and_project_are_taken_without_a_question(submit, engine):
    assert submit().exit_code == 0

    assert created(engine) == "workspaceId=ada&projectId=default"


def test_a_place_that_is_given_is_not_asked_for(submit, engine):
    assert submit(*WORKSPACE, *PROJECT).exit_code == 0

    assert created(engine) == "workspaceId=lab&projectId=fits"
    assert not any("catalog" in call for call in engine.calls)


def test_what_is_left_out_is_asked_for_in_order(submit, engine, keyboard):
    engine.answer_places(ada=["default"], lab=["fits", "plots"])
    keyboard.types(keyboard.DOWN, keyboard.ENTER, keyboard.DOWN, keyboard.ENTER)

    result = submit()

    assert result.exit_code == 0
    assert created(engine) == "workspaceId=lab&projectId=plots"
    assert result.stderr.index("Workspace") < result.stderr.index("Projects")


def test_the_current_workspace_and_project_are_marked_and_come_first(
    submit, engine, keyboard, monkeypatch
):
    monkeypatch.setenv("ORQ_CURRENT_WORKSPACE", "lab")
    monkeypatch.setenv("ORQ_CURRENT_PROJECT", "plots")
    engine.answer_places(ada=["default"], lab=["fits", "plots"])
    keyboard.types(keyboard.ENTER, keyboard.ENTER)

    result = submit()

    assert created(engine) == "workspaceId=lab&projectId=plots"
    assert "(CURRENT WORKSPACE)" in result.stderr
    assert "(CURRENT PROJECT)" in result.stderr


@pytest.mark.parametrize(
    ("places", "hint"),
    [
        ({"ada": ["default"], "lab": ["fits"]}, "-w/--workspace-id"),
        ({"ada": ["default", "plots"]}, "-p/--project-id"),
    ],
)
def test_without_a_terminal_a_place_that_is_not_clear_must_be_given(submit, engine, places, hint):
    engine.answer_places(**places)

    result = submit()

    assert result.exit_code == 255
    assert f"hint: answer with {hint}" in result.stderr
    assert "The ada" in result.stderr or "Plots" in result.stderr
    assert not any(call.startswith("POST") for call in engine.calls)


def test_a_workspace_without_projects_is_told(submit, engine):
    engine.answer_places(ada=[])

    result = submit()

    assert result.exit_code == 2
    assert "Projects:\nNo options are available." in result.stderr


def test_of_several_logins_one_is_chosen(submit, logged_in, engine, keyboard):
    logged_in("login", "-s", "http://localhost:1", "-t", token())
    keyboard.types(keyboard.ENTER)

    result = submit()

    assert result.stdout == SUBMITTED
    assert "Runtime config" in result.stderr


def test_without_a_terminal_one_of_several_logins_must_be_named(submit, logged_in):
    logged_in("login", "-s", "http://localhost:1", "-t", token())

    result = submit()

    assert result.exit_code == 255
    assert "http://localhost:1" in result.stderr
    assert "hint: answer with -c/--config" in result.stderr


def test_a_json_document_has_the_run_and_where_it_is_and_nothing_that_the_module_prints(
    submit, project
):
    line = "print('drawing')"
    (project / "flows_sent.py").write_text(FLOWS.format(options="", line=line))

    result = submit("--json")

    assert json.loads(result.stdout) == {"run_id": "fit-aB3xZ-r000", "config": "127"}
    assert "drawing\n" in result.stderr


@pytest.mark.parametrize(("options", "sent"), [([], False), (["--dry-run"], True)])
def test_a_dry_run_is_asked_for(submit, engine, options, sent):
    assert submit(*options).exit_code == 0

    assert json.loads(engine.bodies["/api/workflow-runs"])["dryRun"] is sent


def test_a_release_that_the_engine_does_not_know_is_told_how_to_update(submit, engine):
    detail = "Unsupported SDK version: 1.1.0. Supported SDK versions: [1.0.0,1.2.0]"
    body = {"code": 4, "message": "Bad Request", "detail": detail}
    engine.answers["/api/workflow-runs"] = (400, json.dumps(body).encode())

    result = submit()

    assert result.exit_code == 9
    assert result.stderr.splitlines() == [
        "error: the Compute Engine does not support this release of orquestra-sdk",
        "  Current version: 1.1.0",
        "  Supported versions: 1.0.0, 1.2.0",
        'hint: update it with `pip install -U "orquestra-sdk[all]"`',
    ]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/workflow-definitions", 400, 8),
        ("/api/workflow-definitions", 401, 12),
        ("/api/workflow-definitions", 403, 255),
        ("/api/workflow-definitions", 500, 255),
        ("/api/workflow-runs", 400, 9),
        ("/api/workflow-runs", 401, 12),
        ("/api/workflow-runs", 403, 255),
        ("/api/workflow-runs", 404, 255),
        ("/api/workflow-runs", 500, 255),
        ("/api/catalog/workspaces", 401, 12),
        ("/api/catalog/workspaces", 403, 12),
        ("/api/catalog/workspaces", 404, 255),
    ],
)
def test_each_refusal_has_its_exit_code(submit, engine, path, status, code):
    body = {"message": "Refused", "detail": "The engine says why."}
    engine.answers[path] = (status, json.dumps(body).encode())

    result = submit()

    assert result.exit_code == code
    assert "The engine says why." in result.stderr
    assert "defect" not in result.stderr


class TestChangesThatAreNotCommitted:
    @pytest.fixture
    def submit_dirty(self, submit, project, tmp_path):
        clone = Clone(tmp_path)
        clone.commit()
        clone.push()
        (clone.folder / "tasks.py").write_text("changed")
        place = f"source_import=sdk.GitImport.infer({str(clone.folder)!r})"
        (project / "flows_sent.py").write_text(FLOWS.format(options=place, line=""))
        return submit

    @pytest.mark.parametrize("force", [["--force"], ["--force", "yes"]])
    def test_force_submits_without_a_question(self, submit_dirty, force):
        result = submit_dirty(*force)

        assert result.stdout == SUBMITTED
        assert "changes that are not committed" in result.stderr

    def test_a_yes_submits(self, submit_dirty, keyboard):
        keyboard.types("y")

        assert submit_dirty().stdout == SUBMITTED

    def test_a_no_submits_nothing_and_is_no_error(self, submit_dirty, keyboard, engine):
        keyboard.types(keyboard.ENTER)

        result = submit_dirty()

        assert (result.exit_code, result.stdout) == (0, "")
        assert "Nothing was submitted." in result.stderr
        assert not any(call.startswith("POST") for call in engine.calls)

    def test_without_a_terminal_force_must_be_given(self, submit_dirty):
        result = submit_dirty()

        assert result.exit_code == 255
        assert "hint: answer with --force yes" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["--force", "flows.py"], ["--force", "flows"], ["--force", "flows.py", "total"]]
)
def test_force_that_has_taken_the_module_is_told(orq, arguments):
    result = orq("wf", "submit", *arguments)

    assert result.exit_code == 2
    assert f"--force has taken {arguments[1]!r} as its value. Write `--force yes`" in result.stderr


def test_without_a_module_there_is_nothing_to_submit(orq):
    result = orq("wf", "submit")

    assert result.exit_code == 2
    assert "Missing argument 'MODULE'" in result.stderr


@pytest.mark.filterwarnings("default")
def test_other_warnings_of_the_sdk_are_shown_and_nothing_is_asked(submit, project):
    line = 'warnings.warn("careful")'
    (project / "flows_sent.py").write_text(FLOWS.format(options="", line=line))

    result = submit()

    assert result.stdout == SUBMITTED
    assert "warning: careful\n" in result.stderr
