"""What the published client finds of runs on our engine: states, results, tasks, logs."""

import json
import pickle
import re

import pytest

from tests.published.conftest import GRACE
from tests.published.terminal import ENTER

pytestmark = [pytest.mark.containers, pytest.mark.timeout(200)]

TIME = r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}"


def cells(lines):
    """Rows of a table, without its rules and margins."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines]
    return [row for row in rows if row != [""] and not set(row[0]) <= {"━", "─"}]


def test_view_tells_the_run_and_its_tasks(grace, ended):
    run_id = ended("several")

    lines = grace.orq("wf", "view", run_id, "-c", "127").lines

    start = next(n for n, line in enumerate(lines) if line.startswith("Task Details"))
    overview = dict(row for row in cells(lines[1:start]) if len(row) == 2)
    assert overview.keys() - {"Start Time", "End Time"} == {
        "Workflow Def Name",
        "Run ID",
        "Status",
        "Succeeded Tasks",
    }
    assert overview["Run ID"] == run_id
    assert (overview["Status"], overview["Succeeded Tasks"]) == ("SUCCEEDED", "5 / 5")
    assert re.fullmatch(TIME, overview["Start Time"])
    heading, *tasks = cells(lines[start + 1 :])
    assert heading == ["Function", "Invocation ID", "Status", "Start Time", "End Time", "Message"]
    assert sorted(task[:3] for task in tasks) == [
        ["described", "invocation-3-task-described", "SUCCEEDED"],
        ["halves", "invocation-0-task-halves", "SUCCEEDED"],
        ["halves", "invocation-1-task-halves", "SUCCEEDED"],
        ["numbers", "invocation-2-task-numbers", "SUCCEEDED"],
        ["trained", "invocation-4-task-trained", "SUCCEEDED"],
    ]


def test_results_are_shown_by_type(grace, ended):
    run_id = ended("several")

    first, *table = grace.orq("wf", "results", run_id, "-c", "127").lines

    assert first == f"Workflow run {run_id} has 5 outputs."
    assert cells(table) == [
        ["Index", "Type", "Pretty Printed"],
        ["0", "<class 'dict'>", "{'score': 7, 'colour': 'blue', 'pair': (1, (2,))}"],
        ["1", "<class 'set'>", "{0, 1, 2}"],
        ["2", "<class 'int'>", "3"],
        ["3", "<class 'tuple'>", "(4, 5)"],
        ["4", "<class 'str'>", "'a constant'"],
    ]


def test_results_are_saved_as_files(grace, ended, tmp_path):
    run_id = ended("several")

    said = grace.orq("wf", "results", run_id, "-c", "127", "--download-dir", str(tmp_path))

    folder = tmp_path / run_id / "wf_results"
    assert said.lines[:2] == [
        f"Artifact saved at {folder}/0.json as a text json file.",
        f"Artifact saved at {folder}/1.pickle as a binary pickle file.",
    ]
    assert json.loads((folder / "2.json").read_text()) == 3
    assert pickle.loads((folder / "1.pickle").read_bytes()) == {0, 1, 2}


@pytest.mark.parametrize(
    ("name", "results"),
    [
        ("pickled", "{0, 1, 2}"),
        ("imaged", "'hello from the image'"),
        ("parametrised", "(3, 6)"),
        ("dry", "('dry_run task output', 'dry_run task output')"),
    ],
)
def test_programs_wait_for_results(grace, started, name, results):
    found = grace.python(
        f"""
        run = sdk.WorkflowRun.by_id({started(name)!r}, "127")
        state = run.wait_until_finished(frequency=4, verbose=False)
        tell([state.name, repr(run.get_results(wait=True))])
        """
    )

    assert found == ["SUCCEEDED", results]


def test_programs_see_the_tasks_with_inputs_outputs_and_parents(grace, ended):
    tasks = grace.python(
        f"""
        tasks = sdk.WorkflowRun.by_id({ended("several")!r}, "127").get_tasks()
        tell({{
            task.task_invocation_id: [
                task.task_run_id, task.fn_name, task.module, task.get_status().name,
                repr(task.get_inputs()), sorted(each.fn_name for each in task.get_parents()),
            ]
            for task in tasks
        }})
        """
    )

    assert len(tasks) == 5
    for invocation_id, (task_run_id, _, module, state, _, _) in tasks.items():
        assert task_run_id.endswith(f"@{invocation_id}")
        assert (module, state) == (None, "SUCCEEDED")
    assert tasks["invocation-4-task-trained"][4:] == [
        "Inputs(args=[3], kwargs={'high': 4})",
        ["halves"],
    ]
    assert tasks["invocation-3-task-described"][5] == ["trained"]


def test_programs_read_what_every_task_returned(grace, ended):
    found = grace.python(
        f"""
        run = sdk.WorkflowRun.by_id({ended("several")!r}, "127")
        artifacts = run.get_artifacts()
        [halves] = run.get_tasks(task_invocation_id="invocation-1.*")
        model = artifacts.pop("invocation-4-task-trained")
        try:
            run.get_artifact("invocation-0-task-halves")
        except exceptions.UnsupportedRuntimeFeature:
            single = "unsupported"
        tell([artifacts, type(model).__name__, model.score(), halves.get_outputs(), single])
        """
    )

    assert found == [
        {
            "invocation-0-task-halves": [4, 5],
            "invocation-1-task-halves": [3, 4],
            "invocation-2-task-numbers": "{0, 1, 2}",
            "invocation-3-task-described": {"score": 7, "colour": "blue", "pair": [1, [2]]},
        },
        "Model",
        7,
        [3, 4],
        "unsupported",
    ]


def test_task_results_are_shown_and_saved(grace, ended, tmp_path):
    run_id = ended("several")
    task = ["--wf-run-id", run_id, "--task-inv-id", "invocation-0-task-halves", "-c", "127"]

    first, *table = grace.orq("task", "results", *task).lines
    grace.orq("task", "results", *task, "--download-dir", str(tmp_path))

    invocation = "invocation-0-task-halves"
    assert first == f"In workflow {run_id}, task invocation {invocation} produced 2 outputs."
    assert cells(table)[1:] == [["0", "<class 'int'>", "4"], ["1", "<class 'int'>", "5"]]
    saved = tmp_path / run_id / "task_results" / invocation
    assert [file.read_text() for file in sorted(saved.iterdir())] == ["4", "5"]


def test_logs_are_shown_by_kind(grace, ended):
    run_id = ended("several")

    lines = grace.orq("wf", "logs", run_id, "-c", "127", "--task", "--system").lines

    titles = [line.rstrip("─ ") for line in lines if line.endswith("─") and set(line) > {"─"}]
    assert titles == ["per task logs", "system logs"]
    place = lines.index("invocation-1-task-halves")
    assert cells(lines[place + 1 : place + 5]) == [
        ["stdout", "halving 7"],
        ["stderr", "with care"],
    ]
    assert any("launched" in line for line in lines)


def test_which_logs_to_show_is_asked(grace, ended):
    code, shown = grace.converse(
        ["wf", "logs", ended("several"), "-c", "127"], [("available logs", ENTER)]
    )

    assert code == 0, shown
    assert "halving 7" in shown
    assert "system logs" in shown  # the answer `all` is preselected


def test_an_empty_kind_of_logs_is_a_warning(grace, ended):
    said = grace.orq("wf", "logs", ended("several"), "-c", "127", "--env-setup")

    assert "No 'env_setup' logs are available for this workflow" in said.err


def test_logs_are_saved_by_kind_and_stream(grace, ended, tmp_path):
    run_id = ended("several")
    where = ["-c", "127", "--download-dir", str(tmp_path)]

    said = grace.orq("wf", "logs", run_id, "--task", "--system", *where)

    files = [f"{run_id}_{kind}.{end}" for kind in ("per_task", "system") for end in ("log", "err")]
    assert [line.partition(" saved at ")[2] for line in said.lines] == [
        str(tmp_path / file) for file in files
    ]
    saved = (tmp_path / files[0]).read_text()
    assert "stdout logs for task invocation: invocation-1-task-halves:\n\nhalving 7" in saved
    grace.orq("task", "logs", "--wf-run-id", run_id, "--fn-name", "trained", *where)
    assert (tmp_path / f"{run_id}.err").read_text().rstrip().endswith("-task-trained:\n\nno data")


def test_logs_are_given_to_programs(grace, ended):
    per_task, system, env_setup, of_task = grace.python(
        f"""
        run = sdk.WorkflowRun.by_id({ended("several")!r}, "127")
        logs = run.get_logs()
        [task] = run.get_tasks(function_name="trained")
        tell([logs.per_task, logs.system, logs.env_setup, task.get_logs()])
        """
    )

    assert per_task["invocation-0-task-halves"] == "LogOutput(out=['halving 9'], err=['with care'])"
    assert of_task == "LogOutput(out=[], err=['no data'])"
    assert "The head of the run cluster was launched." in system
    assert env_setup == "LogOutput(out=[], err=[])"


def test_a_failed_run_tells_the_task_and_its_traceback(grace, ended):
    run_id = ended("failing")

    view = grace.orq("wf", "view", run_id, "-c", "127").lines
    results = grace.orq("wf", "results", run_id, "-c", "127", expect=9)
    logs = grace.orq("wf", "logs", run_id, "-c", "127", "--task")

    states = {row[1]: row[2] for row in cells(view) if row[1:] and row[1].startswith("invocation")}
    assert states == {
        "invocation-0-task-scaled": "SUCCEEDED",
        "invocation-1-task-scaled": "WAITING",
        "invocation-2-task-broken": "FAILED",
    }
    assert results.lines == [
        "This action only works with succeeded workflows. However, the selected run is FAILED."
    ]
    assert "ValueError: 3 is too much" in logs.out
    assert 'flows.py", line' in logs.out


def test_what_has_no_result_is_said_to_programs(grace, ended):
    found = grace.python(
        f"""
        run = sdk.WorkflowRun.by_id({ended("failing")!r}, "127")
        try:
            run.get_results()
        except exceptions.WorkflowRunNotSucceeded as error:
            told = error.state.name
        [waiting] = run.get_tasks(state=sdk.State.WAITING)
        try:
            waiting.get_outputs()
        except exceptions.TaskRunNotFound:
            output = "none"
        tell([told, output, repr(waiting.get_inputs().args[0]), sorted(run.get_artifacts())])
        """
    )

    assert found == ["FAILED", "none", "InputUnavailable()", ["invocation-0-task-scaled"]]


@pytest.mark.parametrize(
    ("name", "flags", "state"),
    [("stopped", ["--no-force"], "TERMINATED"), ("killed", ["--force"], "KILLED")],
)
def test_runs_are_stopped(grace, started, ended, name, flags, state):
    run_id = started(name)
    unfinished = grace.orq("wf", "results", run_id, "-c", "127", expect=9)

    stopped = grace.orq("wf", "stop", run_id, "-c", "127", *flags)

    assert unfinished.out.startswith(
        "This action only works with finished workflows. However, the selected run is "
    )
    assert stopped.lines == [f"Workflow run {run_id} stopped."]
    ended(name)
    assert state in grace.orq("wf", "view", run_id, "-c", "127").out
    grace.orq("wf", "stop", run_id, "-c", "127")  # once more does no harm


@pytest.mark.parametrize(
    "command",
    [
        ["wf", "view", "{}"],
        ["wf", "results", "{}"],
        ["wf", "logs", "{}", "--task"],
        ["wf", "stop", "{}"],
        ["task", "results", "--wf-run-id", "{}", "--fn-name", "halves"],
        ["task", "logs", "--wf-run-id", "{}", "--fn-name", "halves"],
    ],
    ids=" ".join,
)
class TestRunsThatOneCannotSee:
    def test_a_run_that_does_not_exist(self, grace, command):
        arguments = [word.format("nothing-Ab1Cd-r000") for word in command]

        said = grace.orq(*arguments, "-c", "127", expect=255)

        assert said.lines[0].startswith("Something unexpected happened.")
        assert "WorkflowRunNotFoundError" in said.err

    def test_a_run_of_another_user(self, rosa, ended, command):
        arguments = [word.format(ended("several")) for word in command]

        said = rosa.orq(*arguments, "-c", "127", expect=12)

        assert said.lines == ["Error: Authorization failed. Please log in again."]
        assert "halving" not in said.err


def test_a_run_is_found_without_naming_its_engine(grace, ended):
    assert "SUCCEEDED" in grace.orq("wf", "view", ended("several")).out


def test_a_run_that_no_engine_knows_is_told_with_where_it_was_looked_for(grace):
    said = grace.orq_alone("wf", "view", "nothing-Ab1Cd-r000", expect=10)

    assert said.lines[0].startswith("Couldn't find a config that knows about workflow run ID")
    assert ["127", "Workflow run not found"] in cells(said.lines)


@pytest.mark.parametrize(
    "task", [["--fn-name", "nothing"], ["--task-inv-id", "invocation-9-task-nothing"]]
)
@pytest.mark.parametrize("command", ["results", "logs"])
def test_tasks_that_do_not_exist(grace, ended, command, task):
    grace.orq("task", command, "--wf-run-id", ended("several"), *task, "-c", "127", expect=255)


def test_members_of_its_workspace_see_a_run_and_only_owners_stop_it(rosa, ended):
    run_id = ended("parametrised")

    assert GRACE in rosa.orq("wf", "list", "-c", "127", "-w", "team-a").out
    assert "SUCCEEDED" in rosa.orq("wf", "view", run_id, "-c", "127").out
    assert "has 2 outputs" in rosa.orq("wf", "results", run_id, "-c", "127").out
    rosa.orq("wf", "stop", run_id, "-c", "127", expect=12)
