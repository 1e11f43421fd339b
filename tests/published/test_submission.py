"""Workflows are submitted by the published client, on the command line and from programs."""

import pytest

from tests.published.conftest import GRACE, PROJECT, TEAM
from tests.published.terminal import DOWN, ENTER

pytestmark = [pytest.mark.containers, pytest.mark.timeout(200)]

SUBMITTED = "Workflow Submitted! Run ID: "


def test_the_command_line_submits_into_a_project_and_tells_the_run(grace):
    said = grace.orq("wf", "submit", "flows.py", "single", "-c", "127", "-w", TEAM, "-p", PROJECT)

    [line] = said.lines
    run_id = line.removeprefix(SUBMITTED)
    assert grace.python(
        f"""
        run = sdk.WorkflowRun.by_id({run_id!r}, "127")
        tell([run.wait_until_finished(frequency=4, verbose=False).name, run.get_results(),
              run.project.workspace_id, run.project.project_id])
        """
    ) == ["SUCCEEDED", 42, TEAM, PROJECT]


def test_the_command_line_asks_for_workspace_and_project(grace):
    code, shown = grace.converse(
        ["wf", "submit", "flows", "single", "-c", "127"],
        [("Team A", DOWN + ENTER), ("Demo project", DOWN + ENTER)],
    )

    assert code == 0, shown
    assert SUBMITTED in shown
    assert "Team A" in shown
    assert "Demo project" in shown
    run_id = shown.rpartition(SUBMITTED)[2].strip()
    grace.orq("wf", "stop", run_id, "-c", "127")


def test_a_program_submits_without_a_workspace_into_the_personal_one(grace, started):
    found = grace.python(
        f"""
        project = sdk.WorkflowRun.by_id({started("several")!r}, "127").project
        tell([project.workspace_id, project.project_id])
        """
    )

    assert found == [GRACE, "default"]


def test_the_current_workspace_and_project_are_used(user):
    client = user(GRACE).with_variables(ORQ_CURRENT_WORKSPACE=TEAM, ORQ_CURRENT_PROJECT=PROJECT)

    found = client.python(
        """
        import flows
        run = flows.single().run("127")
        run.stop()
        tell([run.project.workspace_id, run.project.project_id])
        """
    )

    assert found == [TEAM, PROJECT]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing", "single"], 7, "Error: couldn't find workflow definitions module 'nothing'."),
        (["flows", "nothing"], 255, "Something unexpected happened."),
        (["flows", "parametrised"], 8, "Invalid workflow syntax."),
        (["flows", "too_large"], 9, ""),
        (["flows", "no_such_image"], 9, ""),
    ],
    ids=lambda value: value[1] if isinstance(value, list) else None,
)
def test_what_cannot_be_submitted_is_told_by_exit_codes(grace, arguments, code, says):
    refused = grace.orq(
        "wf", "submit", *arguments, "-c", "127", "-w", TEAM, "-p", PROJECT, expect=code
    )

    assert says in refused.out


@pytest.mark.parametrize(
    ("workspace", "project"),
    [("team-b", "default"), ("nowhere", "default"), (TEAM, "nothing")],
)
def test_places_that_one_may_not_submit_into(grace, workspace, project):
    refused = grace.orq(
        "wf", "submit", "flows", "single", "-c", "127", "-w", workspace, "-p", project, expect=255
    )
    raised = grace.python(
        f"""
        import flows
        try:
            flows.single().run("127", workspace_id={workspace!r}, project_id={project!r})
        except exceptions.ProjectInvalidError as error:
            tell(str(error))
        """
    )

    assert "ProjectInvalidError" in refused.err
    assert workspace in raised


def test_a_definition_of_a_newer_release_is_refused_with_the_versions_that_are_supported(grace):
    said = grace.python(
        """
        import flows
        from orquestra.sdk.schema import ir

        document = flows.single().model.model_dump_json().replace('"1.1.0"', '"2.99.0"')
        try:
            sdk.WorkflowRun.start_from_ir(ir.WorkflowDef.model_validate_json(document), "127")
        except exceptions.WorkflowRunNotStarted as error:
            tell(str(error))
        """
    )

    first, current, supported, *_ = said.splitlines()
    assert first == "This is an unsupported version of orquestra-sdk."
    assert current == " - Current version: 2.99.0"
    assert supported.startswith(" - Supported versions: ['2.0.0")
