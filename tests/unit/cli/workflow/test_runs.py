"""Commands on runs, against the wire of a Compute Engine."""

import json

import pytest

from orquestra.sdk.values import serialize, to_wire
from tests.unit.cli.canned_engine import END, RUN_ID, START, token


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


def test_results_of_a_running_run_are_refused(logged_in, engine):
    engine.answer_run()

    result = logged_in("wf", "results", RUN_ID)

    assert result.exit_code == 9
    assert "RUNNING" in result.stderr
    assert result.stdout == ""


def test_stop_passes_the_wish_to_the_engine(logged_in, engine):
    engine.answer_run()
    engine.answer(f"/api/workflow-runs/{RUN_ID}/terminate", None)

    result = logged_in("wf", "stop", RUN_ID, "--force")

    assert result.stdout == f"Workflow run {RUN_ID} stopped.\n"
    assert f"POST /api/workflow-runs/{RUN_ID}/terminate?force=True" in engine.calls


def test_the_list_has_the_oldest_run_first(logged_in, engine):
    summary = {"definitionId": "d", "createTime": START, "owner": "ada", "dryRun": False}
    counts = {"totalTasks": 2, "completedTasks": 1}
    engine.answer(
        "/api/workflow-runs",
        [
            {"id": "new", "status": {"state": "RUNNING", "startTime": END}, **summary, **counts},
            {"id": "old", "status": {"state": "FAILED", "startTime": START}, **summary, **counts},
            {"id": "next", "status": {"state": "WAITING"}, **summary, **counts},
        ],
    )

    document = logged_in.json("wf", "list", "--limit", "5", "-s", "RUNNING", "-s", "FAILED")

    assert [run["run_id"] for run in document["runs"]] == ["next", "old", "new"]
    assert "1/2" in logged_in("wf", "list").stdout


def test_an_age_that_cannot_be_read_is_a_usage_error(logged_in):
    result = logged_in("wf", "list", "--max-age", "soon")

    assert result.exit_code == 2
    assert "--max-age" in result.stderr


def test_an_unknown_run_is_said_to_be_unknown(logged_in):
    result = logged_in("wf", "view", "nothing")

    assert result.exit_code == 10
    assert result.stderr.startswith("error: ")
    assert "hint: " in result.stderr


def test_without_any_login_the_message_says_how_to_log_in(orq):
    result = orq("wf", "view", RUN_ID)

    assert result.exit_code == 2
    assert "orq login" in result.stderr


def test_of_several_logins_the_one_that_knows_the_run_is_used(logged_in, engine):
    engine.answer_run()
    logged_in("login", "-s", "http://localhost:1", "-t", token())

    assert logged_in.json("wf", "view", RUN_ID)["run_id"] == RUN_ID


def test_a_run_is_unknown_only_where_every_login_says_so(logged_in, engine):
    logged_in("login", "-s", engine.uri, "--name", "again", "-t", token())

    result = logged_in("wf", "view", "nothing")

    assert result.exit_code == 10
    assert result.stderr.splitlines()[:3] == [
        "error: the run nothing was not found: none of the saved logins knows it",
        "  127: not found",
        "  again: not found",
    ]


def test_an_engine_that_does_not_answer_may_have_the_run(logged_in):
    logged_in("login", "-s", "http://localhost:1", "-t", token())

    result = logged_in("wf", "view", "nothing")

    assert result.exit_code == 11
    assert "the run nothing was not found: 1 of 2 saved logins could not be asked" in result.stderr
    assert "  127: not found" in result.stderr
    assert "  localhost:1: could not be asked: The Compute Engine" in result.stderr


def test_an_engine_that_refuses_the_login_may_have_the_run(logged_in, tmp_path):
    _add_login(tmp_path, "old", uri="http://localhost:1", token=token(expires_in=-60))

    result = logged_in("wf", "view", "nothing")

    assert result.exit_code == 12
    assert "  old: could not be asked: The login token has expired." in result.stderr


def test_a_broken_login_is_left_out_of_the_search(logged_in, engine, tmp_path):
    engine.answer_run()
    _add_login(tmp_path, "a-bare-one", uri="http://localhost:1")

    found, unknown = logged_in("wf", "view", RUN_ID), logged_in("wf", "view", "nothing")

    assert found.exit_code == 0
    assert found.stderr.startswith("note: the login a-bare-one is left out: ")
    assert unknown.exit_code == 10


def test_where_several_logins_are_saved_a_list_needs_a_name(logged_in):
    logged_in("login", "-s", "https://lab.example.com", "-t", token())

    result = logged_in("wf", "list")

    assert result.exit_code == 2
    assert "-c" in result.stderr


@pytest.mark.parametrize("command", ["view", "results", "logs", "nodes", "stop"])
def test_a_run_id_is_required(orq, command):
    assert orq("wf", command).exit_code == 2


def _add_login(folder, name, **options):
    file = folder / "config.json"
    content = json.loads(file.read_text())
    entry = {"config_name": name, "runtime_name": "CE_REMOTE", "runtime_options": options}
    content["configs"] = {name: entry, **content["configs"]}
    file.write_text(json.dumps(content))


def _succeed(engine, *values):
    engine.answer_run(state="SUCCEEDED", endTime=END)
    engine.answer("/api/run-results", ["result-1"])
    stored = {
        "type": "ComputeEngineWorkflowResult",
        "results": [to_wire(serialize(value)).model_dump() for value in values],
    }
    engine.answer_bare("/api/run-results/result-1", stored)
