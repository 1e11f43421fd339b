"""What tasks find in their process: variables and the token of their run, and secrets."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from orquestra import sdk
from orquestra.executor import token_files
from orquestra.executor.evaluation import TaskProblem
from orquestra.executor.protocol import Gathered, Secret
from orquestra.executor.task_context import run_variables
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.workflow_run import WorkflowRunId
from tests.unit.executor.calling import Task
from tests.unit.executor.conftest import CONTEXT, TOKEN

SECOND = WorkflowRunId("run-2")
ON_PLATFORM = run_variables(CONTEXT, local_uri=None)
TOLD = [*ON_PLATFORM.variables, ON_PLATFORM.token_variable]


@pytest.fixture(autouse=True)
def own_variables(monkeypatch, tmp_path):
    """The worker's: none of those that it sets is there before."""
    for name in (*TOLD, "ORQ_SECRETS_URI", "ORQ_SECRETS_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / "scratch"))


@pytest.fixture
def task(tmp_path):
    made = Task(tmp_path)
    yield made
    made.close()
    assert not any((tmp_path / "scratch").iterdir())
    assert not os.environ.keys() & {*TOLD}


@pytest.fixture
def on_local(access):
    """Tasks of the local runtime, whose head forwards to an engine with secrets."""
    return run_variables(CONTEXT, local_uri=access.uri)


def told():
    return [os.environ.get(name) for name in TOLD]


def test_a_task_sees_where_it_runs_and_its_token(task):
    def look():
        return told(), Path(os.environ["ORQUESTRA_PASSPORT_FILE"]).read_bytes()

    ((seen, token),) = task.values(look, run_variables=ON_PLATFORM)

    assert seen[:-1] == ["engine.example.com", "team", "physics", "ada@example.com"]
    assert token == TOKEN.encode()


def test_so_do_its_processes_and_threads(task):
    def look():
        found = []
        thread = threading.Thread(target=lambda: found.append(told()))
        thread.start()
        thread.join()
        code = f"import os; print([os.environ.get(name) for name in {TOLD}])"
        found.append(subprocess.check_output([sys.executable, "-c", code], text=True).strip())
        return found

    ((of_thread, of_process),) = task.values(look, run_variables=ON_PLATFORM)

    assert None not in of_thread
    assert of_process == str(of_thread)


def test_the_runs_of_a_worker_see_their_own_and_nothing_of_others(task):
    other = CONTEXT.model_copy(update={"workspace_id": "bob", "token": "e30.e30.MTIz"})
    second = run_variables(other, local_uri=None)

    def look():
        path = os.environ.get("ORQUESTRA_PASSPORT_FILE")
        return os.environ.get("ORQ_CURRENT_WORKSPACE"), path and Path(path).read_text()

    found = [
        task.values(look, run_variables=ON_PLATFORM),
        task.values(look, run_variables=second, run_id=SECOND),
        task.values(look, run_id=WorkflowRunId("run-3")),
        task.values(look, run_variables=ON_PLATFORM),
    ]

    assert found == [
        [("team", TOKEN)],
        [("bob", "e30.e30.MTIz")],
        [(None, None)],
        [("team", TOKEN)],
    ]


def test_the_token_goes_with_its_run(task):
    def look():
        return os.environ["ORQUESTRA_PASSPORT_FILE"]

    (first,) = task.values(look, run_variables=ON_PLATFORM)
    (second,) = task.values(look, run_variables=ON_PLATFORM, run_id=SECOND)

    task.evaluator.forget(SECOND)

    assert Path(first).exists()
    assert not Path(second).exists()


def test_what_is_the_case_goes_before_what_a_task_says(task, monkeypatch):
    with monkeypatch.context() as variables:
        variables.setenv("ORQ_CURRENT_WORKSPACE", "of with_env_variables")
        mine = Task(task.folder)

        assert mine.values(told, run_variables=ON_PLATFORM)[0][1] == "team"

        mine.close()


def test_nothing_is_written_while_a_run_goes_on(task, monkeypatch):
    task.values(told, run_variables=ON_PLATFORM)
    monkeypatch.setattr(token_files, "_private", no_room)

    for _ in range(3):
        assert None not in task.values(told, run_variables=ON_PLATFORM)[0]


def test_a_file_that_a_task_removes_is_there_for_the_next(task):
    def use_up():
        path = Path(os.environ["ORQUESTRA_PASSPORT_FILE"])
        token = path.read_text()
        shutil.rmtree(path.parent)
        return token

    for _ in range(2):
        assert task.values(use_up, run_variables=ON_PLATFORM) == [TOKEN]


def test_each_run_reads_its_secrets_once_in_a_while(task, keeper, on_local):
    secret = Secret("key", None, None)
    keeper.secrets["key"] = "first"
    task.values(same, secret, run_variables=on_local)
    keeper.secrets["key"] = "second"

    assert task.values(same, secret, run_variables=on_local) == ["first"]
    assert task.values(same, secret, run_variables=on_local, run_id=SECOND) == ["second"]


def test_a_token_for_which_there_is_no_room_is_told(task, monkeypatch):
    monkeypatch.setattr(token_files, "_private", no_room)

    with pytest.raises(TaskProblem, match="token by which task 'work' reads secrets"):
        task.values(told, run_variables=ON_PLATFORM)


def no_room(*_, **__):
    raise OSError(28, "No space left on device")


def test_a_task_knows_the_configuration_it_runs_on(task, on_local):
    def look():
        return tuple(sdk.current_exec_ctx())

    assert task.values(look, run_variables=ON_PLATFORM) == [("engine", "team", "physics")]
    assert task.values(look, run_variables=on_local, run_id=SECOND) == [("ray", None, None)]


def test_a_task_reads_secrets_by_itself(task, keeper, on_local):
    keeper.secrets |= {"key": "mine", "zri:v1::0:team:secret:key": "ours"}

    def read():
        return sdk.secrets.get("key"), sdk.secrets.get("key", workspace_id="team")

    assert task.values(read, run_variables=on_local) == [("mine", "ours")]


def test_secrets_are_read_for_arguments(task, keeper, on_local):
    keeper.secrets |= {"key": "mine", "zri:v1::0:team:secret:key": "ours"}
    mine, ours = Secret("key", None, None), Secret("key", "team", None)
    both = Gathered(ir.CollectionType.LIST, (), (mine, ours))

    def take(*arguments, **keywords):
        return arguments, keywords

    found = task.values(take, mine, both, keywords={"key": ours}, run_variables=on_local)

    assert found == [(("mine", ["mine", "ours"]), {"key": "ours"})]


def forget_all():
    os.environ.clear()


def same(value):
    return value


def test_arguments_are_read_whatever_a_task_has_made_of_its_variables(task, keeper, on_local):
    keeper.secrets["key"] = "mine"
    task.values(forget_all, run_variables=on_local)

    found = task.values(same, Secret("key", None, None), run_variables=on_local, task="second")

    assert found == ["mine"]


def test_a_secret_that_is_missing_is_a_problem_of_the_task(task, on_local):
    secret = Secret("key", "team", None)

    with pytest.raises(TaskProblem) as caught:
        task.values(same, secret, run_variables=on_local)

    assert caught.value.may_repeat
    assert str(caught.value) == (
        "Task 'work' takes a secret. The secret 'key' of the workspace 'team' is not there. Set "
        "it with `orq secret set key -w team`, then run the workflow again."
    )


def test_a_dry_run_reads_no_secret(task):
    assert task.values(same, Secret("key", None, None), dry_run=True) == ["dry_run task output"]
