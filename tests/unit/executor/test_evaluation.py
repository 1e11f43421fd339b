"""Running a user's function: arguments, kept values, and problems in words."""

import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from orquestra.executor.digests import Digests
from orquestra.executor.evaluation import TaskProblem
from orquestra.executor.failures import MOST_TEXT
from orquestra.executor.protocol import (
    Call,
    Constant,
    Counted,
    Function,
    Gathered,
    Item,
    Own,
)
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.workflow_run import WorkflowRunId
from orquestra.sdk.values import serialize
from tests.unit.executor.calling import RUN, Task


@pytest.fixture
def task(tmp_path):
    made = Task(tmp_path)
    yield made
    made.close()


def constant(value):
    serialized = serialize(value)
    return Constant(serialized.format, serialized.data)


def pair(left=1, right=2):
    return left, right


def test_arguments_come_from_the_exchange_and_from_constants(task):
    upstream = task.stored({"a": (1, 2)})

    assert task.values(pair, upstream, keywords={"right": constant([5])}) == [({"a": (1, 2)}, [5])]


def test_a_value_of_the_same_worker_is_there_at_once_and_fresh_for_each_call(task):
    def grow(items):
        items.append(1)
        return items

    task.call(lambda: [7], task="first")
    own = Own(ir.ArtifactNodeId("first-None"))

    assert task.values(grow, own, task="second") == [[7, 1]]
    assert task.values(grow, own, task="third") == [[7, 1]]


def test_own_values_of_one_run_are_not_those_of_another(task):
    task.call(lambda: "of run 1", task="first")
    task.call(lambda: "of run 2", task="first", run_id=WorkflowRunId("run-2"))

    own = Own(ir.ArtifactNodeId("first-None"))

    assert task.values(lambda value: value, own, task="second") == ["of run 1"]


def test_only_the_parts_that_are_used_are_kept_beside_the_whole(task):
    assert task.values(pair, keeps=(1, None), outputs=2) == [2, (1, 2)]


def test_a_single_output_unpacks_to_its_element(task):
    assert task.values(lambda: (5,), keeps=(0, None), outputs=1) == [5, (5,)]


def test_a_bare_single_output_is_written_once(task):
    locations = task.call(lambda: 5, keeps=(0, None), outputs=1)
    task.evaluator.flush()

    assert locations[0] == locations[1]
    assert task.exchange.read(locations[0]) == 5


@pytest.mark.parametrize(
    ("function", "found"),
    [(lambda: (1,), r"returned 1 values \(tuple\)"), (lambda: 5, r"returned one value \(int\)")],
)
def test_too_few_values_are_a_problem_with_the_numbers(task, function, found):
    with pytest.raises(TaskProblem, match=f"Task 'work' has 2 outputs, but it {found}"):
        task.call(function, keeps=(0, 1, None), outputs=2)


def test_a_dry_run_calls_nothing_and_fills_every_output(task):
    def never():
        raise AssertionError

    assert task.values(never, keeps=(1, None), outputs=2, dry_run=True) == [
        "dry_run task output",
        ("dry_run task output", "dry_run task output"),
    ]


def test_an_exception_is_one_line_and_its_traceback_begins_in_the_users_code(task, capfd):
    def work():
        raise ValueError("no such luck\nand more")

    with pytest.raises(TaskProblem, match=r"^ValueError: no such luck$") as caught:
        task.call(work)
    assert caught.value.may_repeat

    printed = capfd.readouterr().err.splitlines()
    assert printed[0] == "Traceback (most recent call last):"
    assert "in work" in printed[1]
    assert "executor/evaluation.py" not in "".join(printed)


def test_the_traceback_is_printed_even_where_the_task_has_taken_standard_error_away(
    task, capfd, monkeypatch
):
    def work():
        sys.stderr = None
        raise ValueError("no luck")

    monkeypatch.setattr(sys, "stderr", sys.stderr)
    with pytest.raises(TaskProblem, match="ValueError"):
        task.call(work)

    assert "no luck" in capfd.readouterr().err


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit()])
def test_even_an_exit_is_a_problem_of_the_task_alone(task, error):
    def leave(error=error):
        raise error

    with pytest.raises(TaskProblem, match=type(error).__name__) as caught:
        task.call(leave)
    assert not caught.value.may_repeat


def test_an_interrupt_from_within_is_explained(task):
    def work():
        raise KeyboardInterrupt

    with pytest.raises(
        TaskProblem, match="'work' was interrupted from within: something in it"
    ) as caught:
        task.call(work)
    assert not caught.value.may_repeat


class Mute(Exception):
    def __str__(self):
        raise RuntimeError


class Stubborn:
    def __getitem__(self, index):
        raise ValueError("not even one")

    def __len__(self):
        raise RuntimeError


class Leaving:
    def __reduce__(self):
        raise SystemExit(3)


def test_an_exception_without_a_text_is_a_problem_like_any_other(task):
    def work():
        raise Mute

    with pytest.raises(TaskProblem, match="Mute"):
        task.call(work)


@pytest.mark.parametrize("result", [Stubborn, Leaving])
def test_what_a_result_raises_while_it_is_kept_is_a_problem_of_the_task(task, result):
    with pytest.raises(TaskProblem, match=r"ValueError: not even one|SystemExit"):
        task.call(result, keeps=(0, None), outputs=2 if result is Stubborn else 1)


def test_a_problem_is_told_even_where_its_traceback_cannot_be_written(task, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    def work():
        raise ValueError("no luck")

    monkeypatch.setattr("builtins.open", full)
    with pytest.raises(TaskProblem, match="ValueError: no luck"):
        task.call(work)


def test_a_very_long_problem_is_cut(task):
    def work():
        raise ValueError("x" * 100_000)

    with pytest.raises(TaskProblem) as caught:
        task.call(work)

    assert len(str(caught.value)) == MOST_TEXT


def test_a_value_that_a_full_disk_has_swallowed_is_known_for_lost(task, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    values = task.call(lambda: 1)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        task.evaluator.flush()

    later = task.call(lambda: 2)
    task.evaluator.flush()

    assert "No space left" in str(task.evaluator.lost(values))
    assert task.evaluator.lost(later) is None


@pytest.mark.usefixtures("place")
def test_what_a_run_changes_of_its_process_is_put_back_for_the_next(task, tmp_path):
    def change(folder):
        os.environ["LEFT_BEHIND"] = "1"
        sys.path.append(folder)
        os.chdir(folder)
        os.umask(0o077)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    def look():
        mask = os.umask(0)
        os.umask(mask)
        return [
            os.environ.get("LEFT_BEHIND"),
            str(tmp_path) in sys.path,
            str(Path.cwd()) == str(tmp_path),
            mask == 0o077,
            signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN,
        ]

    task.call(change, constant(str(tmp_path)), run_id=WorkflowRunId("run-a"))

    assert task.values(look) == [[None, False, False, False, False]]


def test_a_result_that_does_not_pickle_says_so(task):
    def lock(make=threading.Lock):
        return make()

    with pytest.raises(TaskProblem, match="result of task 'work' cannot be pickled: TypeError"):
        task.call(lock)


def test_a_result_for_which_there_is_no_room_says_so(task, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)

    with pytest.raises(TaskProblem, match=r"'work' cannot be stored: No space left.*Make room"):
        task.call(lambda: "x" * 2_000_000)


def test_code_that_cannot_be_loaded_is_a_problem_each_time(task):
    key = (RUN, ir.TaskDefId("t"))
    reference = ir.ModuleFunctionRef(module="no_such_module", function_name="work")
    output = ir.TaskOutputMetadata(is_subscriptable=False, n_outputs=1)
    function = Function("work", reference, output, dry_run=False, working_directory=None)
    task.evaluator.learn({key: function})
    call = Call(1, key, ir.TaskInvocationId("i"), 1, (), (), ())

    for _ in range(2):
        with pytest.raises(TaskProblem, match=r"no_such_module.*dependency_imports"):
            task.evaluator.evaluate(call)


def test_a_module_that_the_image_lacks_is_named_with_the_way_out(task, tmp_path, monkeypatch):
    (tmp_path / "rare_module.py").write_text("class Thing:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    import rare_module

    stored = task.stored(rare_module.Thing())
    monkeypatch.undo()
    del sys.modules["rare_module"]

    with pytest.raises(TaskProblem, match=r"'work' gets a value of module 'rare_module'.*imports"):
        task.call(pair, stored)


@pytest.fixture
def place():
    """Puts the working directory and the path of modules back."""
    directory, path = Path.cwd(), list(sys.path)
    yield
    os.chdir(directory)
    sys.path[:] = path


@pytest.mark.usefixtures("place")
def test_functions_run_in_the_folder_of_their_run_and_import_from_it(task, tmp_path):
    folders = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "module_beside.py").write_text(f"NAME = {name!r}\n")
        folders.append(str(folder))

    def look():
        from pathlib import Path

        import module_beside

        found = str(Path.cwd()), module_beside.NAME
        os.chdir("/")
        return found

    found = [
        task.values(look, directory=folder, run_id=WorkflowRunId(run_id))[0]
        for folder, run_id in zip([*folders, folders[0]], ["run-a", "run-b", "run-a"], strict=True)
    ]

    assert found == [(folders[0], "one"), (folders[1], "two"), (folders[0], "one")]
    assert folders[1] not in sys.path


def test_a_folder_that_is_gone_is_named(task, tmp_path):
    with pytest.raises(TaskProblem, match=r"'work' runs in .*gone.*cannot be entered: No such"):
        task.call(pair, directory=str(tmp_path / "gone"))


def test_a_function_is_loaded_once(task):
    def count(made=[]):  # noqa: B006 - the list shows whether the function is the same object
        made.append(1)
        return len(made)

    assert [task.values(count), task.values(count)] == [[1], [2]]


def test_nothing_is_known_of_a_run_that_is_over(task):
    task.call(lambda: 1, task="first")

    task.evaluator.forget(RUN)

    with pytest.raises(TaskProblem, match="KeyError"):
        task.call(lambda value: value, Own(ir.ArtifactNodeId("first-None")), task="second")


def change_the_process():
    os.environ["LEFT_BEHIND"] = "yes"
    sys.path.insert(0, "/left/behind")
    os.chdir("/usr")


def test_a_worker_leaves_its_process_as_it_was(task):
    before = list(sys.path), Path.cwd()

    task.values(change_the_process)
    task.evaluator.close()

    assert "LEFT_BEHIND" not in os.environ
    assert (sys.path, Path.cwd()) == before


def count(task, sequences, **options):
    keywords = {name: constant(value) for name, value in sequences.items()}
    return task.call(pair, keywords=keywords, work="count", **options)


def test_the_elements_of_equally_long_sequences_are_counted(task):
    stored = task.stored(["a", "b"])
    listing = Gathered(ir.CollectionType.LIST, (), (stored, stored))

    assert count(task, {"0": [1, 2], "right": (3, 4)}) == Counted(2, {})
    assert task.call(pair, keywords={"0": stored, "1": listing}, work="count").length == 2
    assert count(task, {"0": []}).length == 0


def test_elements_have_digests_where_results_are_used_again(task, tmp_path):
    rows = task.stored([{1, 2}, (3, 4)])
    listing = Gathered(ir.CollectionType.LIST, (), (rows, rows))
    keywords = {"0": rows, "1": listing, "2": constant(["a", "b"])}
    of = Digests(tmp_path, modules="of the run").of

    counted = task.call(pair, keywords=keywords, work="count", modules="of the run")

    assert counted == Counted(
        2,
        {
            "0": [of(task.stored({1, 2})), of(constant((3, 4)))],
            "2": [of(constant("a")), of(constant("b"))],
        },
    )


def test_elements_that_do_not_pickle_have_no_digests(task):
    class Handle:
        def __init__(self, *, is_open=True):
            self.is_open = is_open

        def __reduce__(self):
            if self.is_open:
                raise TypeError("it is open")
            return Handle, ()

    counted = count(task, {"0": [Handle(is_open=False), 2]}, modules="")

    assert counted == Counted(2, {})


@pytest.mark.parametrize(
    ("sequences", "problem"),
    [
        ({"0": [1, 2], "right": [1]}, r"different lengths: its argument 1 has 2, argument 'right'"),
        ({"1": 5}, r"'work' is mapped over its argument 2, which is an int and not a sequence"),
        ({"0": {"a": 1}}, r"which is a dict and not a sequence"),
    ],
)
def test_what_cannot_be_counted_is_a_problem_in_words(task, sequences, problem):
    with pytest.raises(TaskProblem, match=problem):
        count(task, sequences)


def test_a_dry_run_counts_what_is_known_and_calls_nothing(task):
    def never():
        raise AssertionError

    dry = task.stored("dry_run task output")

    assert task.call(pair, keywords={"0": dry}, work="count", dry_run=True).length == 1
    assert count(task, {"0": [1, 2, 3]}, dry_run=True).length == 3
    assert task.values(never, Item(dry, 0), dry_run=True) == ["dry_run task output"]


def test_the_results_of_elements_are_gathered_in_order(task):
    results = tuple(task.stored(value) for value in (1, (2, 3), "x"))
    listing = Gathered(ir.CollectionType.LIST, (), results)

    assert task.values(pair, listing, work="gather", outputs=2) == [[1, (2, 3), "x"]]
    assert task.values(pair, listing, work="gather", dry_run=True) == [[1, (2, 3), "x"]]


def test_a_task_knows_what_is_running(task):
    def look():
        from orquestra.sdk import execution_context

        ids, where = execution_context.current_run_ids(), execution_context.current_exec_ctx()
        return (*ids, where.config_name)

    assert task.values(look) == [("run-1", "invocation-0", "run-1@invocation-0", "ray")]
    assert task.values(look, invocation="invocation-0.7") == [
        ("run-1", "invocation-0", "run-1@invocation-0.7", "ray")
    ]


def sources(task, text):
    return task.stored(
        {
            "helper_of_task.py": text,
            "package_of_task/__init__.py": "from . import a",
            "package_of_task/a.py": "VALUE = 5",
        }
    )


def use_helper():
    import helper_of_task
    import package_of_task

    return helper_of_task.name(), package_of_task.a.VALUE


@pytest.mark.usefixtures("place")
def test_local_modules_come_with_their_run_and_go_with_it(task, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    one, two = (sources(task, f"def name():\n    return {name!r}\n") for name in ("one", "two"))
    (tmp_path / "helper_of_task.py").write_text("def name():\n    return 'of the folder'\n")

    found = [
        task.values(use_helper, sources=each, directory=str(tmp_path), run_id=WorkflowRunId(run))
        for each, run in ((one, "run-a"), (two, "run-b"), (one, "run-a"))
    ]

    assert found == [[("one", 5)], [("two", 5)], [("one", 5)]]
    assert len(list(tmp_path.glob("sources-*"))) == 2
    task.evaluator.forget(WorkflowRunId("run-b"))
    options = {"sources": two, "directory": str(tmp_path), "run_id": WorkflowRunId("run-c")}
    assert task.values(use_helper, **options) == [("two", 5)]
    assert len(list(tmp_path.glob("sources-*"))) == 2, "that of a run that is over is used again"
    task.evaluator.close()
    assert not list(tmp_path.glob("sources-*"))
    assert "helper_of_task" not in sys.modules


@pytest.mark.usefixtures("place")
def test_a_traceback_shows_the_lines_of_local_modules(task, capfd):
    broken = sources(task, "def name():\n    raise ValueError(6 * 7)  # the line\n")

    with pytest.raises(TaskProblem, match="ValueError: 42"):
        task.call(use_helper, sources=broken)

    printed = capfd.readouterr().err
    assert "raise ValueError(6 * 7)  # the line" in printed
    assert "helper_of_task.py" in printed


@pytest.mark.usefixtures("place")
def test_local_modules_that_cannot_be_written_are_a_problem_each_time(task, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    for _ in range(2):
        with pytest.raises(TaskProblem, match=r"'work' imports cannot be put.*No space left"):
            task.call(use_helper, sources=sources(task, ""))
