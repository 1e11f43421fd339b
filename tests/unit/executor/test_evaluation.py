"""Running a user's function: arguments, kept values, and problems in words."""

import sys
import threading

import pytest

from orquestra.executor.calls import Call, Upstream
from orquestra.executor.evaluation import TaskProblem, evaluate
from orquestra.sdk.functions import encode_function
from orquestra.sdk.schema import ir
from orquestra.sdk.values import deserialize, serialize


def evaluated(function, *arguments, keeps=(None,), outputs=1, dry_run=False, keywords=None):
    inputs = [serialize(argument) for argument in arguments]
    call = Call(
        invocation_id=ir.TaskInvocationId("invocation-0"),
        attempt=1,
        task_name="work",
        arguments=tuple(
            Upstream(position=at, format=value.format) for at, value in enumerate(inputs)
        ),
        keyword_arguments=keywords or {},
        keeps=keeps,
        output=ir.TaskOutputMetadata(is_subscriptable=outputs > 1, n_outputs=outputs),
        dry_run=dry_run,
    )
    reference = ir.InlineFunctionRef(
        function_name="work", encoded_function=encode_function(function)
    )
    kept = evaluate(call, reference, [value.data for value in inputs])
    return [deserialize(value) for value in kept]


def pair(left=1, right=2):
    return left, right


def test_arguments_come_from_upstream_and_from_constants():
    constant = ir.ConstantNodeJSON(id=ir.ConstantNodeId("c"), value="[5]", value_preview="[5]")

    assert evaluated(pair, {"a": (1, 2)}, keywords={"right": constant}) == [({"a": (1, 2)}, [5])]


def test_only_the_parts_that_are_used_are_kept_beside_the_whole():
    assert evaluated(pair, keeps=(1, None), outputs=2) == [2, (1, 2)]


def test_a_single_output_unpacks_to_the_whole_value_as_in_release_1_1():
    assert evaluated(lambda: (5,), keeps=(0,), outputs=1) == [(5,)]


@pytest.mark.parametrize(
    ("function", "found"),
    [(lambda: (1,), r"returned 1 values \(tuple\)"), (lambda: 5, r"returned one value \(int\)")],
)
def test_too_few_values_are_a_problem_with_the_numbers(function, found):
    with pytest.raises(TaskProblem, match=f"Task 'work' has 2 outputs, but it {found}"):
        evaluated(function, keeps=(0, 1, None), outputs=2)


def test_a_dry_run_calls_nothing_and_fills_every_output():
    def never():
        raise AssertionError

    assert evaluated(never, keeps=(1, None), outputs=2, dry_run=True) == [
        "dry_run task output",
        ("dry_run task output", "dry_run task output"),
    ]


def test_an_exception_is_one_line_and_its_traceback_begins_in_the_users_code(capsys):
    def work():
        raise ValueError("no such luck\nand more")

    with pytest.raises(TaskProblem, match=r"^ValueError: no such luck$"):
        evaluated(work)

    printed = capsys.readouterr().err.splitlines()
    assert printed[0] == "Traceback (most recent call last):"
    assert "in work" in printed[1]
    assert "executor/evaluation.py" not in "".join(printed)


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit()])
def test_even_an_exit_is_a_problem_of_the_task_alone(error):
    def leave(error=error):
        raise error

    with pytest.raises(TaskProblem, match=type(error).__name__):
        evaluated(leave)


def test_a_result_that_does_not_pickle_says_so():
    def lock(make=threading.Lock):
        return make()

    with pytest.raises(TaskProblem, match="result of task 'work' cannot be pickled: TypeError"):
        evaluated(lock)


def test_a_module_that_the_image_lacks_is_named_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "rare_module.py").write_text("class Thing:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    import rare_module

    stored = serialize(rare_module.Thing())
    monkeypatch.undo()
    del sys.modules["rare_module"]
    call = Call(
        invocation_id=ir.TaskInvocationId("invocation-0"),
        attempt=1,
        task_name="work",
        arguments=(Upstream(position=0, format=stored.format),),
        keyword_arguments={},
        keeps=(None,),
        output=ir.TaskOutputMetadata(is_subscriptable=False, n_outputs=1),
        dry_run=False,
    )
    reference = ir.InlineFunctionRef(function_name="work", encoded_function=encode_function(pair))

    with pytest.raises(TaskProblem, match=r"'work' gets a value of module 'rare_module'.*imports"):
        evaluate(call, reference, [stored.data])
