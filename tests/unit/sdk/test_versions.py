import warnings

import pytest

from orquestra import sdk
from orquestra.sdk import versions
from orquestra.sdk.exceptions import PackagingError, VersionMismatch
from orquestra.sdk.schema import ir
from orquestra.sdk.versions import installed_version, is_compatible, warn_if_incompatible


def version(text):
    numbers, _, pre = text.partition("a")
    major, minor, patch = map(int, numbers.split("."))
    return ir.Version(original=text, major=major, minor=minor, patch=patch, is_prerelease=bool(pre))


def definition(made_by):
    metadata = None
    if made_by is not None:
        metadata = ir.WorkflowMetadata(sdk_version=made_by, python_version=version("3.11.7"))
    return ir.WorkflowDef(
        name="demo",
        fn_ref=ir.ModuleFunctionRef(module="demo", function_name="demo"),
        imports={},
        tasks={},
        artifact_nodes={},
        constant_nodes={},
        task_invocations={},
        output_ids=[],
        metadata=metadata,
    )


@pytest.mark.parametrize(
    ("reader", "made_by", "compatible"),
    [
        ("1.1.0", "1.1.0", True),
        ("1.1.0", "1.0.0", True),
        ("1.1.0", "1.1.7", True),
        ("1.1.0", "1.1.0a1", True),
        ("1.1.0a1", "1.1.0", True),
        ("1.1.0", "1.2.0", False),
        ("1.1.0", "2.0.0", False),
        ("2.0.0", "1.1.0", False),
        ("1.1.0", "0.66.0", False),
        ("0.66.0", "0.66.0", True),
        ("0.66.0", "0.65.0", False),
        ("0.66.0", "0.66.1", False),
        ("0.66.0", "0.66.0a1", False),
    ],
)
def test_a_release_reads_what_its_major_line_wrote_before_it(reader, made_by, compatible):
    assert is_compatible(version(made_by), reader=version(reader)) is compatible


def test_the_installed_version_is_compatible_with_itself():
    assert is_compatible(installed_version(), reader=installed_version())


@pytest.mark.parametrize(
    ("made_by", "text"),
    [(version("9.0.0"), r"'demo'.*orquestra-sdk 9\.0\.0"), (None, "before 0.45")],
)
def test_a_definition_of_another_release_is_told_to_the_user(made_by, text):
    with pytest.warns(VersionMismatch, match=text) as warned:
        warn_if_incompatible(definition(made_by))

    (warning,) = warned
    assert warning.filename == __file__
    assert warning.message.actual == installed_version()
    assert warning.message.needed == made_by


def test_our_own_definitions_are_read_without_a_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_incompatible(definition(installed_version()))


def test_an_sdk_that_is_not_installed_has_nothing_to_compare(monkeypatch):
    def not_installed(_name):
        raise PackagingError("no such package")

    monkeypatch.setattr(versions, "get_installed_version", not_installed)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_incompatible(definition(version("9.0.0")))


@pytest.fixture
def run_of_another_release(engine):
    """A run on a Compute Engine, by a release that this one may not understand."""
    run = {
        "id": "r1",
        "definitionId": "d1",
        "owner": "ada@example.com",
        "status": {"state": "RUNNING"},
        "createTime": "2024-07-01T12:00:00Z",
        "taskRuns": [],
    }
    stored = {
        "id": "d1",
        "created": "2024-07-01T12:00:00Z",
        "owner": "ada@example.com",
        "workflow": definition(version("9.0.0")).model_dump(mode="json"),
        "workspaceId": "",
        "project": "",
        "sdkVersion": "9.0.0",
    }
    engine.answers("GET /api/workflow-runs/r1", {"data": run})
    engine.answers("GET /api/workflow-definitions/d1", {"data": stored})
    return sdk.WorkflowRun.by_id("r1", engine.config)


def test_the_tasks_of_a_run_of_another_release_come_with_a_warning(run_of_another_release):
    with pytest.warns(VersionMismatch):
        run_of_another_release.get_tasks()


def test_states_and_lists_of_runs_say_nothing_of_releases(run_of_another_release, engine):
    engine.answers("GET /api/workflow-runs", {"data": []})

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_of_another_release.get_status()
        run_of_another_release.get_status_model()
        sdk.list_workflow_runs(engine.config)
        sdk.list_workflow_run_summaries(engine.config)
