"""Whole runs in process: failures, logs, variables, results, secrets."""

import logging
import os
import sys
import threading
from pathlib import Path

import pytest

from orquestra import sdk
from orquestra.sdk import in_process
from orquestra.sdk.exceptions import (
    NotFoundError,
    TaskInvocationNotFoundError,
    TaskRunLogsNotFound,
    UnsupportedRuntimeFeature,
    UserTaskFailedError,
    VersionMismatch,
    WorkspacesNotSupportedError,
)
from orquestra.sdk.in_process.runtime import _cache
from tests.unit.sdk.in_process.small_tasks import boom, newest, same


@sdk.task
def shout():
    print("to out")
    print("to err", file=sys.stderr)
    logging.getLogger("shouting").error("to the log")
    thread = threading.Thread(target=print, args=("from a thread",))
    thread.start()
    thread.join()


def test_the_users_exception_comes_out_of_run_and_names_its_task(execute):
    with pytest.raises(KeyError, match="lost") as raised:
        execute(boom, "lost")

    assert type(raised.value) is KeyError
    assert raised.value.__notes__[0].startswith("In task 'boom', invocation-0-task-boom")
    assert raised.traceback[-1].name == "boom"
    runtime = Path(in_process.__file__).parent
    assert len([e for e in raised.traceback if e.path.is_relative_to(runtime)]) == 1


def test_a_run_that_failed_is_found_with_its_message_and_its_logs(execute):
    with pytest.raises(KeyError):
        execute(boom, "lost")

    run = newest()

    assert run.get_status() is sdk.State.FAILED
    (task,) = run.get_tasks()
    assert task.get_status() is sdk.State.FAILED
    message = run.get_status_model().message
    assert message == "Task 'boom' failed: KeyError: 'lost' (invocation-0-task-boom)"
    assert run.get_logs().per_task["invocation-0-task-boom"].err[-1] == "KeyError: 'lost'"


def test_tasks_after_a_failed_one_do_not_run():
    @sdk.workflow
    def broken():
        return same(boom("early"))

    with pytest.raises(KeyError):
        broken().run("in_process")

    failed, waiting = newest().get_tasks()
    assert (failed.get_status(), waiting.get_status()) == (sdk.State.FAILED, sdk.State.WAITING)
    assert waiting.get_inputs().args == [sdk.TaskRun.INPUT_UNAVAILABLE]
    with pytest.raises(TaskRunLogsNotFound):
        waiting.get_logs()


def test_what_tasks_write_is_kept_by_task_and_shown_all_the_same(execute, capsys):
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger("shouting").addHandler(handler)
    try:
        run = execute(shout)
    finally:
        logging.getLogger("shouting").removeHandler(handler)

    (output,) = run.get_logs().per_task.values()
    assert output.out == ["to out", "from a thread"]
    assert output.err == ["to err", "to the log"]
    shown = capsys.readouterr()
    assert shown.out == "to out\nfrom a thread\n"
    assert shown.err == "to err\nto the log\n"
    assert run.get_tasks()[0].get_logs() == output


def test_lines_end_where_an_engine_ends_them(execute):
    @sdk.task
    def write():
        print("a\rb\x0cc\u2028d\r")
        print()
        print("no newline", end="")

    (output,) = execute(write).get_logs().per_task.values()

    assert output.out == ["a\rb\x0cc\u2028d", "", "no newline"]


def test_streams_and_handlers_are_what_they_were_after_a_run(execute):
    handler = logging.StreamHandler(sys.stdout)
    logging.getLogger("shouting").addHandler(handler)
    before = sys.stdout, sys.stderr
    try:
        execute(shout)
        assert (sys.stdout, sys.stderr) == before
        assert handler.stream is sys.stdout
    finally:
        logging.getLogger("shouting").removeHandler(handler)


def test_env_vars_ignored_in_process_quirk_is_fixed(execute, monkeypatch):
    monkeypatch.setenv("KNOWN", "outside")

    @sdk.task(env_vars={"KNOWN": "inside", "UNKNOWN": "new"})
    def look():
        return os.environ["KNOWN"], os.environ["UNKNOWN"]

    assert execute(look).get_results() == ("inside", "new")
    assert os.environ["KNOWN"] == "outside"
    assert "UNKNOWN" not in os.environ


def test_in_process_task_run_id_quirk_is_fixed(execute):
    @sdk.task
    def ids():
        return tuple(sdk.current_run_ids()), sdk.current_exec_ctx().config_name

    run = execute(ids)

    invocation = "invocation-0-task-ids"
    assert run.get_results() == (
        (run.run_id, invocation, f"{run.run_id}-{invocation}"),
        "in_process",
    )
    assert run.get_tasks()[0].task_run_id == f"{run.run_id}-{invocation}"


def test_list_results_unpacked_differently_in_process_quirk_is_fixed():
    @sdk.task(n_outputs=2)
    def as_list():
        return [1, 2]

    @sdk.workflow
    def unpacked():
        first, second = as_list()
        return first, second

    assert unpacked().run("in_process").get_results() == (1, 2)


def test_a_result_with_too_few_values_fails_with_the_words_of_all_runtimes():
    @sdk.task(n_outputs=2)
    def short():
        return (1,)

    @sdk.workflow
    def unpacked():
        first, _ = short()
        _, second = short()
        return first, second

    with pytest.raises(UserTaskFailedError, match="has 2 outputs, but it returned 1 values"):
        unpacked().run("in_process")


def test_a_result_that_cannot_be_pickled_fails_as_on_an_engine(execute):
    @sdk.task
    def generator():
        return (n for n in range(3))

    with pytest.raises(UserTaskFailedError, match="'generator' cannot be pickled") as raised:
        execute(generator)

    assert isinstance(raised.value.__cause__, TypeError)


def test_a_time_limit_is_said_to_have_no_effect(execute):
    @sdk.task(timeout=5)
    def limited():
        return 1

    with pytest.warns(UnsupportedRuntimeFeature, match="timeout= of limited") as warned:
        execute(limited)

    assert warned[0].filename == execute.__code__.co_filename  # where run() is called


def test_a_project_is_said_to_have_no_effect():
    @sdk.workflow
    def in_project():
        return same(1)

    with pytest.warns(UnsupportedRuntimeFeature, match="no workspaces"):
        run = in_project().run("in_process", workspace_id="w", project_id="p")

    with pytest.raises(WorkspacesNotSupportedError, match="this process has none"):
        _ = run.project


def test_what_only_engines_have_is_not_there(execute):
    run = execute(same, 1)

    assert run.get_nodes() == []
    with pytest.raises(NotFoundError, match="executed in process"):
        run.get_timing()


def test_a_dry_run_calls_nothing_and_caches_nothing(execute):
    @sdk.task(cache=True)
    def never():
        raise AssertionError

    known = len(_cache._results)

    assert execute(never, dry_run=True).get_results() == "dry_run task output"
    assert len(_cache._results) == known


def test_a_dry_run_of_a_map_over_a_result_has_one_element():
    @sdk.workflow
    def mapped():
        return sdk.map(same, same([1, 2]))

    assert mapped().run("in_process", dry_run=True).get_results() == ["dry_run task output"]


def test_an_element_that_fails_is_named():
    @sdk.task
    def picky(n):
        if n == 2:
            raise ValueError("not this one")
        return n

    @sdk.workflow
    def mapped():
        return sdk.map(picky, [1, 2, 3])

    with pytest.raises(ValueError, match="not this one"):
        mapped().run("in_process")

    run = newest()
    message = run.get_status_model().message
    assert message == (
        "Element 1 of task 'picky' failed: ValueError: not this one (invocation-0-task-picky.1)"
    )
    (summary,) = sdk.list_workflow_run_summaries("in_process", limit=1)
    assert (summary.total_task_runs, summary.completed_task_runs) == (4, 1)


def test_elements_know_their_map_and_have_task_runs_of_their_own():
    @sdk.task
    def who(_n):
        return tuple(sdk.current_run_ids())

    @sdk.workflow
    def mapped():
        return sdk.map(who, [7, 8])

    run = mapped().run("in_process")

    name = "invocation-0-task-who"
    assert run.get_results() == [
        (run.run_id, name, f"{run.run_id}-{name}.{element}") for element in range(2)
    ]


def test_a_list_that_is_twice_in_an_argument_is_one_object():
    @sdk.task
    def is_shared(pair):
        return pair[0] is pair[1]

    @sdk.workflow
    def shared():
        made = [same(1)]
        return is_shared([made, made]), is_shared([[same(1)], [same(1)]])

    assert shared().run("in_process").get_results() == (True, False)


def test_a_map_over_different_lengths_is_told():
    @sdk.task
    def add(a, b):
        return a + b

    @sdk.workflow
    def mapped():
        return sdk.map(add, same([1]), same([1, 2]))

    with pytest.raises(UserTaskFailedError, match="different lengths"):
        mapped().run("in_process")


def test_an_artifact_is_what_the_task_returned(execute):
    run = execute(same, (1, 2))

    assert run.get_artifact("invocation-0-task-same") == (1, 2)
    assert run.get_artifacts() == {"invocation-0-task-same": (1, 2)}
    with pytest.raises(TaskInvocationNotFoundError):
        run.get_artifact("invocation-9")


def test_an_artifact_that_was_not_made_is_told():
    with pytest.raises(KeyError):
        sdk.workflow(lambda: same(boom("x")))().run("in_process")

    with pytest.raises(NotFoundError, match="has returned nothing"):
        newest().get_artifact("invocation-0-task-same")


def test_waiting_tells_how_it_ended(execute, capsys):
    run = execute(same, 1)

    assert run.wait_until_finished() is sdk.State.SUCCEEDED
    assert capsys.readouterr().err == f"{run.run_id} is SUCCEEDED, 1 of 1 tasks done\n"
    assert run.get_results(wait=True) == 1


def test_secrets_are_fetched_before_the_first_task(monkeypatch):
    from orquestra.sdk import secrets

    asked = []

    def get(name, *, config_name=None, workspace_id=None):
        asked.append((name, config_name, workspace_id))
        return "the value"

    monkeypatch.setattr(secrets, "get", get)

    @sdk.workflow
    def secretive():
        return same(sdk.Secret("token", config_name="ce", workspace_id="w"))

    run = secretive().run("in_process")

    assert run.get_results() == "the value"
    assert asked == [("token", "ce", "w")]


def test_a_dry_run_reads_no_secrets(monkeypatch):
    monkeypatch.setattr(sdk.secrets, "get", None)

    @sdk.workflow
    def secretive():
        key = sdk.Secret("token")
        return same(key), key

    run = secretive().run("in_process", dry_run=True)

    assert run.get_results() == ("dry_run task output",) * 2


def test_get_parents_with_secrets_quirk_is_fixed(monkeypatch):
    from orquestra.sdk import secrets

    monkeypatch.setattr(secrets, "get", lambda *_args, **_options: "the value")

    @sdk.task
    def use(secret, values):
        return len(values)

    @sdk.workflow
    def secretive():
        return use(sdk.Secret("token", config_name="ce"), [same(1), {"deep": same(2)}, 3])

    *parents, user = secretive().run("in_process").get_tasks()

    found = {parent.task_run_id for parent in user.get_parents()}
    assert found == {parent.task_run_id for parent in parents}
    inputs = user.get_inputs()
    assert inputs.args[0].secret_name == "token"
    assert inputs.args[1] == [1, {"deep": 2}, 3]


def test_a_module_of_the_users_is_imported_once_and_not_reloaded(tmp_path, monkeypatch):
    (tmp_path / "imported_tasks.py").write_text(
        "import orquestra.sdk as sdk\n"
        "@sdk.task(source_import=sdk.LocalImport(module='imported_tasks'))\n"
        "def where():\n    return marker\n"
        "marker = 'as written'\n"
        "@sdk.workflow\n"
        "def wf():\n    return where()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    import imported_tasks

    monkeypatch.setattr(imported_tasks, "marker", "patched")

    assert imported_tasks.wf().run("in_process").get_results() == "patched"


def test_a_definition_of_another_release_is_warned_of_and_runs():
    definition = sdk.workflow(lambda: same(1))().model.model_copy(update={"metadata": None})

    with pytest.warns(VersionMismatch, match="before 0.45"):
        run = sdk.WorkflowRun.start_from_ir(definition, "in_process")

    assert run.get_results() == 1


def test_a_task_may_run_a_workflow_of_its_own(capsys):
    @sdk.task
    def outer():
        import importlib

        from orquestra import sdk

        print("outer")
        ours = sdk.current_run_ids()
        examples = importlib.import_module("orquestra.sdk.examples.workflow_defs")
        examples.hello_orquestra().run("in_process")
        assert sdk.current_run_ids() == ours
        print("outer again")

    @sdk.workflow
    def outermost():
        return outer()

    run = outermost().run("in_process")

    assert run.get_tasks()[0].get_logs().out == ["outer", "outer again"]
    shown = capsys.readouterr().out.splitlines()
    assert (shown[0], shown[-1]) == ("outer", "outer again")
    assert len(shown) > 2
