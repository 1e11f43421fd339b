"""Commands on runs, against the wire of a Compute Engine."""

import pickle

import pytest

from orquestra.sdk.schema.responses import PickleResult
from orquestra.sdk.values import serialize, to_chunks, to_wire
from tests.unit.cli.canned_engine import END, RUN_ID, START


def test_view_shows_the_run_its_tasks_and_why_they_failed(logged_in, engine):
    engine.answer_run(state="FAILED", endTime=END, message="Task train_model failed.")

    document = logged_in.json("wf", "view", RUN_ID)

    tasks = document.pop("tasks")
    assert document == {
        "run_id": RUN_ID,
        "workflow": "fit",
        "state": "FAILED",
        "message": "Task train_model failed.",
        "warnings": ["the ENTRYPOINT of the image is ignored"],
        "start_time": "2025-02-24T08:26:07+00:00",
        "end_time": "2025-02-24T08:26:09+00:00",
        "succeeded_tasks": 1,
        "total_tasks": 2,
    }
    assert [(task["function"], task["state"], task["message"]) for task in tasks] == [
        ("generate_data", "SUCCEEDED", None),
        ("train_model", "FAILED", "out of memory"),
    ]
    table = logged_in("wf", "view", RUN_ID).stdout
    assert "Task train_model failed." in table
    assert "out of memory" in table


def test_nodes_are_listed_by_image_with_their_tasks_and_messages(logged_in, engine):
    definition = engine.answer_run()
    train = next(iter(definition.task_invocations))
    node = {
        "id": "n-1",
        "pool": "p-1",
        "image": "registry.example/lab:1",
        "digest": "sha256:0",
        "state": "FAILED",
        "message": "The node ran out of memory.",
        "requestTime": START,
        "startTime": START,
        "endTime": END,
        "tasks": [{"invocationId": train, "state": "FAILED", "startTime": START}],
    }
    pool = {
        "id": "p-1",
        "image": "registry.example/lab:1",
        "digest": "sha256:0",
        "maxNodes": 4,
        "cpu": 1,
        "memory": 2 * 2**30,
        "gpu": 0,
        "nodes": [node],
    }
    engine.answer(f"/api/workflow-runs/{RUN_ID}/nodes", [pool])

    document = logged_in.json("wf", "nodes", RUN_ID)

    listed = document["pools"][0]
    assert (listed["image"], listed["max_nodes"]) == ("registry.example/lab:1", 4)
    assert listed["nodes"][0]["id"] == "n-1"
    assert listed["nodes"][0]["tasks"][0]["function"] == "train_model"
    table = logged_in("wf", "nodes", RUN_ID).stdout
    assert "registry.example/lab:1  at most 4 nodes of 1 CPU, 2 GiB" in table
    assert "n-1: The node ran out of memory." in table


@pytest.mark.parametrize("columns", ["60", "80", None])
def test_what_nodes_have_in_common_is_shown_whole_in_any_place(
    logged_in, engine, monkeypatch, columns
):
    engine.answer_run()
    image = f"registry.example/{'a-long-name-' * 6}:1"
    pool = {"id": "p-1", "image": image, "digest": "sha256:0", "maxNodes": 4, "nodes": []}
    size = {"cpu": 1, "memory": 2 * 2**30, "gpu": 0}
    engine.answer(f"/api/workflow-runs/{RUN_ID}/nodes", [pool | size])
    monkeypatch.delenv("COLUMNS")
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)

    shown = logged_in("wf", "nodes", RUN_ID).stdout

    assert f"{image}  at most 4 nodes of 1 CPU, 2 GiB" in shown.splitlines()


def test_elements_of_a_map_are_counted_under_the_name_of_their_function(logged_in, engine):
    definition = engine.answer_run()
    train = next(iter(definition.task_invocations))
    tasks = [
        {"invocationId": f"{train}.{k}", "state": "SUCCEEDED", "startTime": START}
        for k in range(1000)
    ]
    image = {"image": "registry.example/lab:1", "digest": "sha256:0"}
    node = image | {"id": "n-1", "pool": "p-1", "state": "READY", "requestTime": START}
    pool = image | {"id": "p-1", "maxNodes": 1, "cpu": 1, "memory": 2**30, "gpu": 0}
    engine.answer(
        f"/api/workflow-runs/{RUN_ID}/nodes", [pool | {"nodes": [node | {"tasks": tasks}]}]
    )

    (listed,) = logged_in.json("wf", "nodes", RUN_ID)["pools"][0]["nodes"]

    assert listed["tasks"][7]["invocation_id"] == f"{train}.7"
    assert {task["function"] for task in listed["tasks"]} == {"train_model"}
    assert "train_model (1000 times)" in logged_in("wf", "nodes", RUN_ID).stdout


def test_results_are_values_in_json_and_text_in_the_table(logged_in, engine):
    _succeed(engine, 42, {1, 2})

    document = logged_in.json("wf", "results", RUN_ID)

    assert document["results"] == [
        {"index": 0, "format": "JSON", "value": 42, "type": "<class 'int'>", "text": "42"},
        {"index": 1, "format": "ENCODED_PICKLE", "type": "<class 'set'>", "text": "{1, 2}"},
    ]
    assert f"Workflow run {RUN_ID} has 2 outputs." in logged_in("wf", "results", RUN_ID).stdout


def test_only_the_start_of_a_large_value_is_shown(logged_in, engine):
    _succeed(engine, "x" * 5000)

    (entry,) = logged_in.json("wf", "results", RUN_ID)["results"]

    assert len(entry["value"]) == 5000
    assert entry["text"].endswith("xxx… (4002 more characters)")


def test_results_are_saved_one_file_each(logged_in, engine, tmp_path):
    _succeed(engine, [1, 2], {1, 2})

    result = logged_in("wf", "outputs", RUN_ID, "--download-dir", str(tmp_path))

    folder = tmp_path / RUN_ID / "wf_results"
    assert f"Artifact saved at {folder / '0.json'} as a text json file." in result.stdout
    assert (folder / "0.json").read_text() == "[1, 2]"
    assert (folder / "1.pickle").exists()


@pytest.mark.parametrize(
    ("state", "sentence", "hint"),
    [
        ("RUNNING", "is RUNNING: it has results when it has succeeded", f"orq wf watch {RUN_ID}"),
        (
            "FAILED",
            "is FAILED: only runs that have succeeded have results",
            f"orq wf view {RUN_ID}",
        ),
    ],
)
def test_only_runs_that_have_succeeded_have_results(logged_in, engine, state, sentence, hint):
    engine.answer_run(state=state)

    result = logged_in("wf", "results", RUN_ID)

    assert result.exit_code == 9
    assert sentence in result.stderr
    assert hint in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("elements", [(1, "two"), (1, {2})])
def test_the_elements_of_a_tuple_are_outputs_of_their_own(logged_in, engine, elements):
    _succeed(engine, elements)

    document = logged_in.json("wf", "results", RUN_ID)

    assert [entry["text"] for entry in document["results"]] == [repr(each) for each in elements]


def test_a_tuple_beside_another_value_stays_one_output(logged_in, engine):
    _succeed(engine, (1, 2), [3])

    document = logged_in.json("wf", "results", RUN_ID)

    assert [entry["text"] for entry in document["results"]] == ["(1, 2)", "[3]"]


def test_the_elements_of_a_tuple_are_saved_in_files_of_their_own(logged_in, engine, tmp_path):
    _succeed(engine, (1, {2}))

    result = logged_in("wf", "results", RUN_ID, "--download-dir", str(tmp_path))

    folder = tmp_path / RUN_ID / "wf_results"
    assert f"Artifact saved at {folder / '1.pickle'} as a binary pickle file.\n" in result.stdout
    assert (folder / "0.json").read_text() == "1"
    assert pickle.loads((folder / "1.pickle").read_bytes()) == {2}


def test_a_value_that_cannot_be_read_here_is_told_and_saved_as_it_is(logged_in, engine, tmp_path):
    _succeed(engine, {1})
    lost = PickleResult(chunks=to_chunks(b"cnot_installed_anywhere\nThing\n."))
    engine.answer_bare(
        "/api/run-results/result-1",
        {"type": "ComputeEngineWorkflowResult", "results": [lost.model_dump()]},
    )

    (entry,) = logged_in.json("wf", "results", RUN_ID)["results"]
    saved = logged_in("wf", "results", RUN_ID, "--download-dir", str(tmp_path))

    assert entry["type"] is None
    assert entry["text"].startswith("cannot be read here: ModuleNotFoundError: ")
    assert saved.exit_code == 0
    assert (tmp_path / RUN_ID / "wf_results" / "0.pickle").stat().st_size


def test_stop_passes_the_wish_to_the_engine(logged_in, engine):
    engine.answer_run()
    engine.answer(f"/api/workflow-runs/{RUN_ID}/terminate", None)

    result = logged_in("wf", "stop", RUN_ID, "--force")

    assert result.stdout == f"Workflow run {RUN_ID} stopped.\n"
    assert f"POST /api/workflow-runs/{RUN_ID}/terminate?force=True" in engine.calls
    assert logged_in.json("wf", "stop", RUN_ID) == {"run_id": RUN_ID, "state": "RUNNING"}


def _succeed(engine, *values):
    engine.answer_run(state="SUCCEEDED", endTime=END)
    engine.answer("/api/run-results", ["result-1"])
    stored = {
        "type": "ComputeEngineWorkflowResult",
        "results": [to_wire(serialize(value)).model_dump() for value in values],
    }
    engine.answer_bare("/api/run-results/result-1", stored)
