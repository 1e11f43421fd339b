"""Results and logs of single tasks, against the wire of a Compute Engine."""

import json

import pytest

from orquestra import sdk
from orquestra.sdk.values import serialize, to_wire
from tests.unit.cli.canned_engine import RUN_ID


@sdk.task(n_outputs=2)
def split(text):
    return text.split(",")


@sdk.task
def double(number):
    return 2 * number


@sdk.workflow
def sums():
    first, second = split("a,b")
    return double(first), double(second), sdk.map(double, [1, 2, 3])


class Run:
    """A run of the workflow above, with what its tasks have returned."""

    def __init__(self, engine, definition):
        self._engine = engine
        self._artifacts = {}
        self.definition = definition
        (self.split,) = self._of("split")
        (self.map,) = [k for k, call in definition.task_invocations.items() if call.map_over]
        self.doubles = [k for k in self._of("double") if k != self.map]

    def _of(self, name):
        tasks, calls = self.definition.tasks, self.definition.task_invocations
        return [k for k, c in calls.items() if tasks[c.task_id].fn_ref.function_name == name]

    def returns(self, invocation_id, value):
        artifact_id = f"artifact-{len(self._artifacts)}"
        self._artifacts[f"{RUN_ID}@{invocation_id}"] = [artifact_id]
        self._engine.answer("/api/artifacts", self._artifacts)
        stored = to_wire(serialize(value)).model_dump()
        self._engine.answer_bare(f"/api/artifacts/{artifact_id}", stored)


@pytest.fixture
def run(logged_in, engine):
    engine.answer_run()
    definition = sums().model
    _, document = engine.answers["/api/workflow-definitions/def-1"]
    document = json.loads(document)
    document["data"]["workflow"] = definition.model_dump(mode="json")
    engine.answer("/api/workflow-definitions/def-1", document["data"])
    engine.answer("/api/artifacts", {})
    return Run(engine, definition)


@pytest.fixture
def task(logged_in):
    def call(command, *arguments):
        return logged_in("task", command, "--wf-run-id", RUN_ID, *arguments)

    return call


class TestResults:
    def test_each_output_has_a_row(self, run, task):
        run.returns(run.split, ["a", 5])

        result = task("results", "--fn-name", "split")

        first, *table = result.stdout.splitlines()
        assert first == f"In workflow {RUN_ID}, task invocation {run.split} produced 2 outputs."
        rows = [line.split(maxsplit=1) for line in table if "class" in line]
        assert [(index, rest.split("  ")[0]) for index, rest in rows] == [
            ("0", "<class 'str'>"),
            ("1", "<class 'int'>"),
        ]

    def test_one_output_is_one_row_even_if_it_is_a_list(self, run, task):
        run.returns(run.doubles[0], [1, 2])

        result = task("outputs", "--task-inv-id", run.doubles[0], "--json")

        assert json.loads(result.stdout) == {
            "run_id": RUN_ID,
            "invocation_id": run.doubles[0],
            "function": "double",
            "results": [
                {
                    "index": 0,
                    "format": "JSON",
                    "value": [1, 2],
                    "type": "<class 'list'>",
                    "text": "[1, 2]",
                }
            ],
        }

    def test_what_returned_too_few_values_is_shown_as_it_is(self, run, task):
        run.returns(run.split, ["a"])

        assert "produced 1 outputs." in task("results", "--fn-name", "split").stdout

    def test_an_id_leads_to_no_other_folder(self, run, task, engine, tmp_path):
        path, evil = "/api/workflow-definitions/def-1", "../../../evil"
        status, document = engine.answers[path]
        engine.answers[path] = (status, document.replace(run.split.encode(), evil.encode()))
        run.returns(evil, ["a", 1])
        folder = tmp_path / "saved"

        result = task("results", "--task-inv-id", evil, "--download-dir", str(folder))

        assert result.exit_code == 0, result.output
        assert [file for file in folder.rglob("0.json") if ".." not in file.parts]
        assert not list(tmp_path.glob("evil*"))
        assert not list(tmp_path.parent.glob("evil*"))

    def test_they_are_saved_one_file_each(self, run, task, tmp_path):
        run.returns(run.split, ["a", {1}])

        result = task("results", "--fn-name", "split", "--download-dir", str(tmp_path))

        folder = tmp_path / RUN_ID / "task_results" / run.split
        assert result.stdout.splitlines() == [
            f"Artifact saved at {folder / '0.json'} as a text json file.",
            f"Artifact saved at {folder / '1.pickle'} as a binary pickle file.",
        ]
        assert (folder / "0.json").read_text() == '"a"'

    def test_an_element_of_a_map_is_shown_alone(self, run, task):
        run.returns(run.map, [2, 4, 6])

        shown = json.loads(task("results", "--task-inv-id", f"{run.map}.1", "--json").stdout)

        assert [each["value"] for each in shown["results"]] == [4]

    def test_a_map_is_shown_as_the_list_that_it_makes(self, run, task):
        run.returns(run.map, [2, 4, 6])

        shown = json.loads(task("results", "--task-inv-id", run.map, "--json").stdout)

        assert [each["value"] for each in shown["results"]] == [[2, 4, 6]]

    def test_an_element_beyond_the_last_is_told(self, run, task):
        run.returns(run.map, [2, 4, 6])

        result = task("results", "--task-inv-id", f"{run.map}.3")

        assert result.exit_code == 255
        assert "has 3 elements" in result.stderr

    def test_a_task_that_has_not_returned_is_told(self, run, task):
        result = task("results", "--fn-name", "split")

        assert result.exit_code == 255
        assert f"the task invocation {run.split} of the run {RUN_ID} has returned" in result.stderr


class TestLogs:
    @pytest.fixture
    def with_logs(self, run, engine):
        lines = [
            (1.0, {"log": "epoch 1", "log_filename": "task.out"}),
            (2.0, {"log": "careful", "log_filename": "task.err"}),
        ]
        engine.answer_logs("/api/task-run-logs", *lines)
        return run

    def test_lines_are_shown_by_stream(self, with_logs, task):
        lines = task("logs", "--fn-name", "split").stdout.splitlines()

        assert [line.split() for line in lines if line] == [
            [with_logs.split],
            ["stdout", "epoch", "1"],
            ["stderr", "careful"],
        ]

    def test_the_engine_is_asked_for_one_task_or_element_only(self, with_logs, task, engine):
        task("logs", "--task-inv-id", f"{with_logs.map}.1")

        query = f"workflowRunId={RUN_ID}&taskInvocationId={with_logs.map}.1"
        assert f"GET /api/task-run-logs?{query}" in engine.calls

    def test_they_are_saved_in_two_files(self, with_logs, task, tmp_path):
        result = task("logs", "--fn-name", "split", "--download-dir", str(tmp_path))

        out, err = tmp_path / f"{RUN_ID}.log", tmp_path / f"{RUN_ID}.err"
        assert result.stdout.splitlines() == [
            f"Workflow logs saved at {out}",
            f"Workflow logs saved at {err}",
        ]
        assert (out.read_text(), err.read_text()) == ("epoch 1\n", "careful\n")

    def test_they_are_one_document(self, with_logs, task):
        assert json.loads(task("logs", "--fn-name", "split", "--json").stdout) == {
            "run_id": RUN_ID,
            "invocation_id": with_logs.split,
            "logs": {"out": ["epoch 1"], "err": ["careful"]},
        }

    def test_a_task_that_has_printed_nothing_is_no_error(self, run, task):
        result = task("logs", "--fn-name", "split")

        assert (result.exit_code, result.stdout) == (0, "")
        assert "has printed nothing (yet)" in result.stderr


class TestWhichTask:
    @pytest.mark.parametrize("command", ["results", "logs"])
    def test_an_unknown_function_is_told_with_those_that_there_are(self, run, task, command):
        result = task(command, "--fn-name", "treble")

        assert result.exit_code == 255
        assert result.stderr == (
            f"error: the run {RUN_ID} has no task with the function 'treble'\n"
            "hint: it has: double, split\n"
        )

    @pytest.mark.parametrize("invocation_id", ["nothing", "{split}.0"])
    def test_an_unknown_invocation_is_told(self, run, task, invocation_id):
        result = task("logs", "--task-inv-id", invocation_id.format(split=run.split))

        assert result.exit_code == 255
        assert "has no task invocation" in result.stderr

    def test_what_is_not_given_is_asked_for(self, run, task, keyboard):
        run.returns(run.doubles[1], "b")
        position = list(run.definition.task_invocations)
        of_double = [each for each in position if each in {*run.doubles, run.map}]
        downs = [keyboard.DOWN] * of_double.index(run.doubles[1])
        keyboard.types(keyboard.ENTER, *downs, keyboard.ENTER)

        result = task("results", "--json")

        assert json.loads(result.stdout)["invocation_id"] == run.doubles[1]

    def test_without_a_terminal_the_options_are_told(self, run, task):
        result = task("results", "--fn-name", "double")

        assert result.exit_code == 255
        assert run.map in result.stderr
        assert "--task-inv-id" in result.stderr
