"""Whole runs in process: failures, logs, variables, retries, caches, lists of runs."""

import logging
import os
import sys
import threading
from datetime import timedelta

import pytest

from orquestra import sdk
from orquestra.sdk.exceptions import (
    NotFoundError,
    TaskInvocationNotFoundError,
    TaskRunLogsNotFound,
    UnsupportedRuntimeFeature,
    UserTaskFailedError,
    VersionMismatch,
    WorkflowRunNotFoundError,
    WorkspacesNotSupportedError,
)
from orquestra.sdk.in_process.records import RunRecord
from orquestra.sdk.in_process.runtime import _cache
from orquestra.sdk.schema.workflow_run import State
from tests.unit.sdk import user_projects


@pytest.fixture
def waits(monkeypatch):
    """The pauses between tries, in seconds; they take no time."""
    waits = []

    def is_to_stop(_record, *, within=timedelta()):
        if within:
            waits.append(within.total_seconds())
        return False

    monkeypatch.setattr(RunRecord, "is_to_stop", is_to_stop)
    return waits


@pytest.fixture
def execute(waits):
    """Runs a task, and gives the run; its retries wait for nothing."""

    def start(task, *arguments, dry_run=False):
        @sdk.workflow
        def of_one_task():
            return task(*arguments)

        return of_one_task().run("in_process", dry_run=dry_run)

    return start


@sdk.task
def same(value):
    return value


@sdk.task
def shout():
    print("to out")
    print("to err", file=sys.stderr)
    logging.getLogger("shouting").error("to the log")
    thread = threading.Thread(target=print, args=("from a thread",))
    thread.start()
    thread.join()


@sdk.task
def boom(message):
    raise KeyError(message)


def newest():
    return sdk.list_workflow_runs("in_process")[0]


def test_the_users_exception_comes_out_of_run_and_names_its_task(execute):
    with pytest.raises(KeyError, match="lost") as raised:
        execute(boom, "lost")

    assert type(raised.value) is KeyError
    assert raised.value.__notes__[0].startswith("In task 'boom', invocation-0-task-boom")
    assert raised.traceback[-1].name == "boom"
    own = [entry for entry in raised.traceback if "in_process" in str(entry.path)]
    assert len([e for e in own if e.path.name != "test_runs_in_process.py"]) == 1


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


def test_a_task_is_tried_again_as_its_policy_says(execute, tmp_path):
    count = tmp_path / "count"

    @sdk.task(retries=2)
    def flaky():
        tried = len(count.read_text()) if count.exists() else 0
        count.write_text("x" * (tried + 1))
        if tried < 2:
            raise RuntimeError(f"try {tried}")
        return "at last"

    run = execute(flaky)

    assert run.get_results() == "at last"
    errors = "\n".join(run.get_tasks()[0].get_logs().err)
    assert "try 0" in errors
    assert "try 1" in errors


def test_a_task_that_always_fails_is_tried_so_often_and_no_more(waits, tmp_path):
    count = tmp_path / "count"

    @sdk.task(retries=sdk.RetryPolicy(max_retries=3, delay=1, backoff=4, max_delay=10))
    def hopeless():
        with count.open("a") as file:
            file.write("x")
        raise RuntimeError("never")

    @sdk.workflow
    def trying():
        return hopeless()

    with pytest.raises(RuntimeError):
        trying().run("in_process")

    assert count.read_text() == "xxxx"
    assert waits == [1, 4, 10]
    assert "never (tried 4 times)" in newest().get_status_model().message


def test_ctrl_c_is_not_tried_again_and_terminates_the_run(execute):
    @sdk.task(retries=3)
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(interrupted)

    assert newest().get_status() is sdk.State.TERMINATED


@sdk.task(retries=sdk.RetryPolicy(max_retries=1, delay=60))
def hopeless():
    _begin()
    raise ValueError


@sdk.workflow
def hopeless_call():
    return hopeless()


@sdk.workflow
def hopeless_map():
    return sdk.map(_hopeless_element, [1])


@sdk.task(retries=sdk.RetryPolicy(max_retries=1, delay=60))
def _hopeless_element(_n):
    raise ValueError


@pytest.mark.parametrize("workflow", [hopeless_call, hopeless_map])
def test_ctrl_c_between_two_tries_ends_the_run_and_its_task(workflow, monkeypatch):
    def interrupt(_record, *, within=timedelta()):
        if within:
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(RunRecord, "is_to_stop", interrupt)

    with pytest.raises(KeyboardInterrupt):
        workflow().run("in_process")

    run = newest().get_status_model()
    assert run.status.state is State.TERMINATED
    assert run.task_runs[0].status.state is State.TERMINATED
    assert run.task_runs[0].status.end_time == run.status.end_time


def test_a_run_between_two_tries_can_be_stopped():
    begun = threading.Event()
    _events[:] = [begun, threading.Event()]
    runs = []
    thread = threading.Thread(target=lambda: runs.append(hopeless_call().run("in_process")))
    thread.start()
    assert begun.wait(5)

    newest().stop()
    thread.join(5)

    assert runs[0].get_status() is State.TERMINATED
    assert runs[0].get_tasks()[0].get_status() is State.TERMINATED


def test_a_time_limit_is_said_to_have_no_effect(execute):
    @sdk.task(timeout=5)
    def limited():
        return 1

    with pytest.warns(UnsupportedRuntimeFeature, match="timeout= of limited") as warned:
        execute(limited)

    assert warned[0].filename == __file__


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


def test_a_cached_result_is_used_again_for_equal_inputs(execute, tmp_path):
    count = tmp_path / "count"

    @sdk.task(cache=True)
    def slow(n, where):
        with where.open("a") as file:
            file.write("x")
        return n + 1

    first = execute(slow, 1, count)
    again = execute(slow, 1, count)
    other = execute(slow, 2, count)

    assert [run.get_results() for run in (first, again, other)] == [2, 2, 3]
    assert count.read_text() == "xx"
    message = again.get_status_model().task_runs[0].message
    assert message == f"Reused the result of run {first.run_id}"


def test_a_cached_result_that_is_too_old_is_made_anew(execute, tmp_path):
    count = tmp_path / "count"

    @sdk.task(cache=sdk.CachePolicy(max_age=0))
    def fresh(where):
        with where.open("a") as file:
            file.write("x")

    for _ in range(2):
        execute(fresh, count)

    assert count.read_text() == "xx"


def test_a_cached_result_is_made_anew_after_the_code_of_an_argument_has_changed(tmp_path):
    flow = (
        "import orquestra.sdk as sdk\n"
        "import scales\n"
        "@sdk.task(cache=True)\n"
        "def use(scale, n):\n    return scale.apply(n)\n"
        "@sdk.workflow\n"
        "def wf():\n    return use(scales.Scale(), 5)\n"
        "@sdk.workflow\n"
        "def mapped():\n    return sdk.map(use, [scales.Scale()], [6])\n"
    )

    def results(body):
        scales = f"class Scale:\n    def apply(self, n):\n        return {body}\n"
        user_projects.write(tmp_path, {"cached_flow.py": flow, "scales.py": scales})
        with user_projects.imported(tmp_path, "cached_flow") as module:
            runs = [workflow().run("in_process") for workflow in (module.wf, module.mapped)]
            return [run.get_results() for run in runs]

    assert results("n") == [5, [6]]
    assert results("n * 10") == [50, [60]]


def test_an_object_counts_with_the_code_of_its_class_not_with_its_pickle(tmp_path):
    flow = (
        "import orquestra.sdk as sdk\n"
        "class Scale:\n    def apply(self, n):\n        return BODY\n"
        "@sdk.task(cache=True)\n"
        "def use(scales):\n    return scales[0].apply(5)\n"
        "@sdk.task\n"
        "def number():\n    return 1\n"
        "@sdk.workflow\n"
        "def wf():\n    return use([Scale(), number()])\n"
    )

    def reused_and_result(body):
        user_projects.write(tmp_path, {"scale_flow.py": flow.replace("BODY", body)})
        with user_projects.imported(tmp_path, "scale_flow") as module:  # a class of its own
            run = module.wf().run("in_process")
            messages = [task.message for task in run.get_status_model().task_runs]
            return any(messages), run.get_results()

    assert [reused_and_result(body) for body in ("n", "n", "n * 10")] == [
        (False, 5),
        (True, 5),
        (False, 50),
    ]


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


def test_runs_are_found_by_id_and_listed_the_newest_first(execute):
    first, second = execute(same, 1), execute(same, 2)

    assert first.run_id != second.run_id
    assert sdk.WorkflowRun.by_id(first.run_id, "in_process").get_results() == 1
    listed = [run.run_id for run in sdk.list_workflow_runs("in_process", limit=2)]
    assert listed == [second.run_id, first.run_id]
    with pytest.raises(WorkflowRunNotFoundError, match="own process only"):
        sdk.WorkflowRun.by_id("nothing-1", "in_process")


def test_inverted_in_process_max_age_quirk_is_fixed(execute):
    run = execute(same, 1)

    recent = sdk.list_workflow_runs("in_process", max_age="1h")

    assert run.run_id in {found.run_id for found in recent}
    assert sdk.list_workflow_runs("in_process", max_age="0s") == []


def test_lists_can_be_by_state(execute):
    run = execute(same, 1)
    with pytest.raises(KeyError):
        execute(boom, "x")

    failed = sdk.list_workflow_runs("in_process", state=sdk.State.FAILED)
    good = sdk.list_workflow_runs("in_process", state=[sdk.State.SUCCEEDED], limit=1)

    assert run.run_id not in {found.run_id for found in failed}
    assert [found.run_id for found in good] == [run.run_id]


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


def test_a_run_in_another_thread_can_be_watched_and_stopped():
    begun, go_on = threading.Event(), threading.Event()
    _events[:] = [begun, go_on]
    runs = []

    @sdk.workflow
    def stopped():
        return same(_wait_in_a_task())

    thread = threading.Thread(target=lambda: runs.append(stopped().run("in_process")))
    thread.start()
    assert begun.wait(5)
    run = newest()
    assert run.get_status() is sdk.State.RUNNING
    run.stop()
    go_on.set()
    assert run.wait_until_finished(verbose=False) is sdk.State.TERMINATED
    thread.join()
    assert runs[0].run_id == run.run_id


_events: list[threading.Event] = []


def _meet():
    begun, go_on = _events
    begun.set()
    go_on.wait(5)


def _begin():
    import importlib

    importlib.import_module("in_process_meeting").begin()


@sdk.task
def _wait_in_a_task():
    import importlib

    importlib.import_module("in_process_meeting").meet()


@pytest.fixture(autouse=True)
def meeting_point(monkeypatch):
    """A module of the process: events do not travel inside a task's code."""
    from types import ModuleType

    module = ModuleType("in_process_meeting")
    module.meet = _meet
    module.begin = lambda: _events[0].set() if _events else None
    monkeypatch.setitem(sys.modules, module.__name__, module)


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
