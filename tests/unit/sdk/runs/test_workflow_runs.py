import io
import json
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import (
    ProjectInvalidError,
    TaskInvocationNotFoundError,
    TaskRunNotFound,
    ValueNotReadableError,
    WorkflowResultsNotReadyError,
    WorkflowRunNotFinished,
    WorkflowRunNotFoundError,
    WorkflowRunNotStarted,
    WorkflowRunNotSucceeded,
    WorkflowSyntaxError,
)
from orquestra.sdk.logs import LogOutput
from orquestra.sdk.schema import api
from orquestra.sdk.values import serialize, to_wire


@sdk.task(n_outputs=2)
def load(n):
    return n, "name"


@sdk.task
def train(data, *, alpha):
    return data * alpha


@sdk.workflow(resources=sdk.Resources(cpu="1", nodes=4), head_node_resources=sdk.Resources(cpu="1"))
def fit():
    data, _ = load(4)
    return train(data, alpha=0.5)


Kind = sdk.WorkflowLogs.WorkflowLogTypeName
LOAD, TRAIN = "invocation-1-task-load", "invocation-0-task-train"


def wire(value):
    return json.loads(to_wire(serialize(value)).model_dump_json())


def archive(*messages):
    content = json.dumps([[0, message] for message in messages]).encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo("step-logs")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def run_body(state, *, tasks=(None, None), message=None, warnings=()):
    """The body of a run: states of `load` and `train`, where they have any."""
    task_runs = [
        {"id": f"r1@{invocation}", "invocationId": invocation, "status": task and {"state": task}}
        for invocation, task in zip((LOAD, TRAIN), tasks, strict=True)
    ]
    return {
        "data": {
            "id": "r1",
            "definitionId": "d1",
            "owner": "ada@example.com",
            "status": {"state": state, "message": message},
            "taskRuns": task_runs,
            "warnings": list(warnings),
        }
    }


@pytest.fixture
def stored(engine):
    """A Compute Engine that takes the workflow and has one run of it."""
    engine.answers("POST /api/workflow-definitions", {"data": {"id": "d1"}}, status=201)
    engine.answers("POST /api/workflow-runs", {"data": {"id": "r1"}}, status=201)
    definition = {
        "id": "d1",
        "created": "2024-07-01T12:00:00Z",
        "owner": "ada@example.com",
        "workflow": json.loads(fit().model.model_dump_json()),
        "workspaceId": "",
        "project": "",
        "sdkVersion": "2.0.0",
    }
    engine.answers("GET /api/workflow-definitions/d1", {"data": definition})
    return engine


@pytest.fixture
def missing_package(monkeypatch):
    """A value, as it is stored, whose class is in a package that is not installed here."""
    module = ModuleType("brittle_package")
    exec("class Model: pass", module.__dict__)
    with monkeypatch.context() as installed:
        installed.setitem(sys.modules, module.__name__, module)
        return wire(module.Model())


@pytest.fixture
def run(stored):
    return fit().run(stored.config)


def test_running_stores_the_definition_and_starts_a_run_of_it(stored):
    run = fit().run(stored.config, dry_run=True)

    definition, request = stored.requests
    assert run.run_id == "r1"
    assert run.config == stored.config
    assert definition["body"] == json.loads(fit().model.model_dump_json())
    assert definition["query"] == {}
    assert request["body"] == {
        "workflowDefinitionID": "d1",
        "resources": {"nodes": 4, "cpu": "1", "memory": None, "gpu": None},
        "dryRun": True,
        "headNodeResources": {"cpu": "1", "memory": None},
        "workingDirectory": str(Path.cwd()),
    }


def test_a_saved_configuration_is_used_by_its_name(stored):
    saved = sdk.RuntimeConfig.ce(stored.uri, stored.config.token)

    assert fit().run(saved.name).run_id == "r1"


def test_a_run_belongs_to_the_project_that_is_named(stored, monkeypatch):
    monkeypatch.setenv("ORQ_CURRENT_WORKSPACE", "team")

    fit().run(stored.config, project_id="demo")

    assert stored.requests[0]["query"] == {"workspaceId": "team", "projectId": "demo"}


def test_a_workspace_without_a_project_is_refused(stored):
    with pytest.raises(ProjectInvalidError, match="'team' is given, but no project"):
        fit().run(stored.config, workspace_id="team")

    assert stored.requests == []


def test_a_task_that_fits_in_no_node_is_refused_before_anything_is_sent(stored):
    @sdk.workflow(resources=sdk.Resources(memory="1Gi"))
    def too_small():
        return load(1).with_resources(memory="2Gi")

    with pytest.raises(WorkflowSyntaxError, match="memory='2Gi'"):
        too_small().run(stored.config)

    assert stored.requests == []


def test_a_refused_definition_and_a_refused_run_say_why(engine):
    refusal = {"message": "Refused", "detail": "Task `load` needs an image that exists."}
    engine.answers("POST /api/workflow-definitions", refusal, status=400)
    engine.answers("POST /api/workflow-definitions", {"data": {"id": "d1"}}, status=201)
    engine.answers("POST /api/workflow-runs", refusal, status=400)

    with pytest.raises(WorkflowSyntaxError, match="image that exists"):
        fit().run(engine.config)
    with pytest.raises(WorkflowRunNotStarted, match="image that exists"):
        fit().run(engine.config)


def test_an_existing_run_is_found_by_its_id(stored):
    stored.answers("GET /api/workflow-runs/r1", run_body("WAITING"))

    assert sdk.WorkflowRun.by_id("r1", stored.config).get_status() is sdk.State.WAITING
    with pytest.raises(WorkflowRunNotFoundError):
        sdk.WorkflowRun.by_id("r2", stored.config)


def test_a_snapshot_has_states_messages_and_warnings(stored, run):
    body = run_body("FAILED", tasks=("FAILED", None), message="no memory", warnings=["ENTRYPOINT"])
    stored.answers("GET /api/workflow-runs/r1", body)

    model = run.get_status_model()

    assert (model.status.state, model.message) == (sdk.State.FAILED, "no memory")
    assert model.warnings == ("ENTRYPOINT",)
    assert [task.status.state for task in model.task_runs] == [
        sdk.State.FAILED,
        sdk.State.WAITING,
    ]
    assert model.workflow_def == fit().model


def test_a_definition_is_asked_for_once_and_never_where_it_was_sent_from_here(stored, run):
    stored.answers("GET /api/workflow-runs/r1", run_body("RUNNING"))
    found = sdk.WorkflowRun.by_id("r1", stored.config)

    assert run.get_status_model().workflow_def == fit().model
    assert stored.calls("GET /api/workflow-definitions/d1") == []

    for _ in range(2):
        assert found.get_status_model().workflow_def == fit().model
    assert len(stored.calls("GET /api/workflow-definitions/d1")) == 1


@pytest.mark.parametrize(
    ("results", "value"), [([2.0], 2.0), ([1, (2, 3)], (1, (2, 3))), ([{1}], {1})]
)
def test_one_result_comes_bare_and_several_as_a_tuple(stored, run, results, value):
    stored.answers("GET /api/workflow-runs/r1", run_body("SUCCEEDED"))
    stored.answers("GET /api/run-results", {"data": ["s1"]})
    stored.answers(
        "GET /api/run-results/s1",
        {"results": [wire(v) for v in results], "type": "ComputeEngineWorkflowResult"},
    )

    assert run.get_results() == value


def test_results_of_an_old_engine_are_one_value(stored, run):
    stored.answers("GET /api/workflow-runs/r1", run_body("SUCCEEDED"))
    stored.answers("GET /api/run-results", {"data": ["s1"]})
    stored.answers(
        "GET /api/run-results/s1", {"value": '[42, "ok"]', "serialization_format": "JSON"}
    )

    assert run.get_results() == (42, "ok")


def test_results_that_are_waited_for_need_no_further_question_about_the_run(stored, run):
    progress = {"state": "SUCCEEDED", "totalTasks": 2, "completedTasks": 2, "resultId": "s1"}
    stored.answers("GET /api/workflow-run-events", f"data: {json.dumps(progress)}\n\n".encode())
    stored.answers("GET /api/run-results/s1", {"results": [wire(1)]})

    assert run.get_results(wait=True) == 1

    assert [request["call"].rpartition("/")[2] for request in stored.requests[2:]] == [
        "workflow-run-events",
        "s1",
    ]


def test_results_that_are_stored_a_moment_later_are_waited_for(stored, run):
    stored.answers("GET /api/workflow-runs/r1", run_body("SUCCEEDED"))
    stored.answers("GET /api/run-results", {"data": []}, {"data": ["s1"]})
    stored.answers("GET /api/run-results/s1", {"results": [wire(1)]})

    assert run.get_results() == 1


def test_results_that_never_come_are_told(stored, run, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    stored.answers("GET /api/workflow-runs/r1", run_body("SUCCEEDED"))
    stored.answers("GET /api/run-results", {"data": []})

    with pytest.raises(WorkflowResultsNotReadyError, match="Try again"):
        run.get_results()

    assert len(stored.calls("GET /api/run-results")) == 5


def test_results_of_a_run_that_goes_on_or_failed_are_refused_with_its_state(stored, run):
    stored.answers(
        "GET /api/workflow-runs/r1",
        run_body("RUNNING"),
        run_body("FAILED", message="Task `train` ran out of memory."),
    )

    with pytest.raises(WorkflowRunNotFinished, match="wait=True") as unfinished:
        run.get_results()
    with pytest.raises(WorkflowRunNotSucceeded, match="out of memory") as failed:
        run.get_results()

    assert unfinished.value.state is sdk.State.RUNNING
    assert failed.value.state is sdk.State.FAILED


def test_an_unknown_state_warns_at_the_users_line_and_counts_as_going_on(stored, run):
    stored.answers("GET /api/workflow-runs/r1", run_body("DREAMING"))

    with (
        pytest.warns(UserWarning, match="does not know") as warned,
        pytest.raises(WorkflowRunNotFinished),
    ):
        run.get_results()

    assert warned[0].filename == __file__


def test_artifacts_are_what_the_tasks_returned_so_far(stored, run):
    stored.answers("GET /api/artifacts", {"data": {f"r1@{LOAD}": ["a1"], f"r1@{TRAIN}": []}})
    stored.answers("GET /api/artifacts/a1", wire((4, "name")))

    assert run.get_artifacts() == {LOAD: (4, "name")}


def test_a_value_that_needs_a_missing_package_is_told_with_its_name(stored, run, missing_package):
    body = run_body("SUCCEEDED", tasks=("SUCCEEDED", "SUCCEEDED"))
    stored.answers("GET /api/workflow-runs/r1", body)
    stored.answers("GET /api/run-results", {"data": ["x"]})
    stored.answers("GET /api/run-results/x", {"results": [wire(1), missing_package]})
    stored.answers("GET /api/artifacts", {"data": {f"r1@{LOAD}": ["a1"]}})
    stored.answers("GET /api/artifacts/a1", missing_package)
    loaded, _ = run.get_tasks()

    with pytest.raises(ValueNotReadableError, match=r"Output 1 of run r1 .*'brittle_package'"):
        run.get_results()
    for read in (run.get_artifacts, loaded.get_outputs):
        with pytest.raises(ValueNotReadableError, match=f"{LOAD} of run r1 .*'brittle_package'"):
            read()


def test_tasks_come_in_the_order_of_the_graph_and_can_be_filtered(stored, run):
    stored.answers("GET /api/workflow-runs/r1", run_body("RUNNING", tasks=("SUCCEEDED", "RUNNING")))

    def names(**filters):
        return [task.fn_name for task in run.get_tasks(**filters)]

    assert names() == ["load", "train"]
    assert names(state=sdk.State.RUNNING) == ["train"]
    assert names(state=[sdk.State.RUNNING, sdk.State.SUCCEEDED]) == ["load", "train"]
    assert names(state=[]) == ["load", "train"]
    assert names(function_name="l.*") == ["load"]
    assert names(function_name="oa") == []
    assert names(task_invocation_id=".*train") == ["train"]
    assert names(task_run_id=f"r1@{LOAD}", state=sdk.State.RUNNING) == []
    with pytest.raises(ValueError, match=r"function_name='\*' is not a regular expression.*\.\*"):
        run.get_tasks(function_name="*")


def test_a_task_run_knows_its_inputs_outputs_and_parents(stored, run):
    stored.answers("GET /api/workflow-runs/r1", run_body("RUNNING", tasks=("SUCCEEDED", "RUNNING")))
    stored.answers("GET /api/artifacts", {"data": {f"r1@{LOAD}": ["a1"]}})
    stored.answers("GET /api/artifacts/a1", wire((4, "name")))
    loaded, trained = run.get_tasks()

    assert loaded.get_outputs() == (4, "name")
    assert loaded.get_inputs() == sdk.TaskRun.Inputs(args=[4], kwargs={})
    assert trained.get_inputs() == sdk.TaskRun.Inputs(args=[4], kwargs={"alpha": 0.5})
    assert [parent.task_run_id for parent in trained.get_parents()] == [f"r1@{LOAD}"]
    assert trained.get_status() is sdk.State.RUNNING
    assert (trained.workflow_run_id, trained.module) == ("r1", None)
    with pytest.raises(TaskRunNotFound, match="get_logs"):
        trained.get_outputs()


def test_an_input_that_no_task_has_produced_yet_is_marked(stored, run):
    stored.answers("GET /api/workflow-runs/r1", run_body("RUNNING", tasks=("RUNNING", None)))
    stored.answers("GET /api/artifacts", {"data": {}})
    _, trained = run.get_tasks()

    inputs = trained.get_inputs()

    assert inputs.args == [sdk.TaskRun.INPUT_UNAVAILABLE]
    assert repr(inputs.args[0]) == "InputUnavailable()"


def test_a_task_run_that_the_engine_forgot_is_told(stored, run):
    forgetful = run_body("RUNNING")
    forgetful["data"]["taskRuns"] = []
    stored.answers("GET /api/workflow-runs/r1", run_body("RUNNING"), forgetful)
    task, _ = run.get_tasks()

    with pytest.raises(TaskInvocationNotFoundError, match=LOAD):
        task.get_status()


def test_logs_of_an_older_engine_are_asked_for_by_task_that_has_started(stored, run):
    stored.answers("GET /api/workflow-runs/r1", run_body("RUNNING", tasks=("RUNNING", None)))
    setup = "/tmp/ray/session_latest/logs/runtime_env_setup-1.log"
    stored.answers(
        "GET /api/workflow-run-logs",
        archive(
            {"tag": "t", "ray_filename": setup, "log": "installing"},
            {"tag": "t", "ray_filename": "worker-1.err", "log": "Traceback"},
        ),
    )
    stored.answers(
        "GET /api/workflow-run-logs/system",
        archive({"tag": "t", "source_type": "UNKNOWN", "log": "node started"}),
    )
    stored.answers(
        "GET /api/task-run-logs", archive({"tag": "t", "log_filename": "x.out", "log": "loading"})
    )

    logs = run.get_logs()

    assert logs == sdk.WorkflowLogs(
        per_task={LOAD: LogOutput(out=["loading"])},
        env_setup=LogOutput(out=["installing"]),
        system=LogOutput(out=["node started"]),
        other=LogOutput(err=["Traceback"]),
    )
    assert len(stored.calls("GET /api/task-run-logs")) == 1


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (Kind.PER_TASK, ["tasks"]),
        (Kind.SYSTEM, ["system"]),
        (Kind.ENV_SETUP, ["workflow-run-logs"]),
        (Kind.OTHER, ["workflow-run-logs"]),
    ],
)
def test_only_logs_that_are_wanted_are_asked_for(stored, run, kind, asked):
    stored.answers("GET /api/workflow-runs/r1", run_body("RUNNING", tasks=("RUNNING", None)))
    setup = "/tmp/ray/session_latest/logs/runtime_env_setup-1.log"
    cluster = [{"ray_filename": setup, "log": "installing"}, {"ray_filename": "w", "log": "x"}]
    stored.answers("GET /api/workflow-run-logs", archive(*cluster))
    stored.answers("GET /api/workflow-run-logs/system", archive({"log": "node started"}))
    line = {"tag": f"workflow.logs.r1.{LOAD}", "log_filename": "x.out", "log": "loading"}
    stored.answers("GET /api/workflow-run-logs/tasks", archive(line))

    logs = run.get_logs(kind)

    assert [each for each in Kind if logs.get_log_type(each)] == [kind]
    _, _, looked_up, *requests = stored.requests
    assert looked_up["query"] == {"tasks": "false"}
    assert [request["call"].rpartition("/")[2] for request in requests] == asked


def test_logs_of_all_tasks_come_in_one_answer(stored, run):
    stored.answers("GET /api/workflow-runs/r1", run_body("RUNNING", tasks=("RUNNING", "RUNNING")))
    lines = [
        {"tag": f"workflow.logs.r1.{name}", "log_filename": f"{name}.{stream}", "log": stream}
        for name in (LOAD, TRAIN)
        for stream in ("out", "err")
    ]
    stored.answers("GET /api/workflow-run-logs/tasks", archive(*lines))

    logs = run.get_logs(Kind.PER_TASK)

    both = LogOutput(out=["out"], err=["err"])
    assert logs.per_task == {LOAD: both, TRAIN: both}
    assert not stored.calls("GET /api/task-run-logs")


def test_a_run_without_logs_has_empty_ones(stored, run):
    stored.answers("GET /api/workflow-runs/r1", run_body("RUNNING", tasks=("RUNNING", "RUNNING")))

    assert run.get_logs() == sdk.WorkflowLogs({}, LogOutput(), LogOutput(), LogOutput())


def test_stopping_asks_the_engine(stored, run):
    stored.answers("POST /api/workflow-runs/r1/terminate", b"", status=204)

    run.stop(force=True)

    assert stored.requests[-1]["query"] == {"force": "True"}


def test_nodes_are_listed_by_image(stored, run):
    pool = {
        "id": "p1",
        "image": "x:1",
        "digest": "sha256:0",
        "maxNodes": 4,
        "cpu": 1.0,
        "memory": 2**31,
        "gpu": 0,
        "nodes": [],
    }
    stored.answers("GET /api/workflow-runs/r1/nodes", {"data": [pool]})

    assert run.get_nodes() == [api.Pool.model_validate(pool)]


def test_the_times_of_a_run_come_with_advice(stored, run):
    stored.answers(
        "GET /api/workflow-run-timing",
        {"data": {"attempts": [], "images": [], "advice": ["Publish the image."]}},
    )

    assert run.get_timing().advice == ["Publish the image."]


def test_a_run_says_where_it_is(stored, run):
    local = sdk.WorkflowRun("r2", config=sdk.RuntimeConfig.ray(), runtime=run._runtime)

    assert "Compute Engine scripted" in str(run)
    assert "local runtime" in str(local)
