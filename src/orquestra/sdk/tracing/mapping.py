"""One call of a task for each element of a sequence, written as a single node of the graph."""

# ruff: noqa: A001 - the public name is `sdk.map`

import builtins
import inspect
import sys
from collections.abc import ItemsView, Iterable, KeysView, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from orquestra.sdk.articles import with_article
from orquestra.sdk.call_sites import located, user_call_site
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.secret import Secret
from orquestra.sdk.tracing.custom_names import StandIn
from orquestra.sdk.tracing.futures import ArtifactFuture, TaskInvocation
from orquestra.sdk.tracing.tasks import TaskDef

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
P = ParamSpec("P")
R = TypeVar("R")


# Types cannot say that all arguments after the sequences are given by keyword: `P.kwargs` needs
# `P.args` beside it. A positional one too many is told when the workflow is built.
@overload
def map(
    task: TaskDef[Concatenate[A, P], R], sequence: Iterable[A], /, *args: P.args, **same: P.kwargs
) -> ArtifactFuture[list[R]]: ...


@overload
def map(
    task: TaskDef[Concatenate[A, B, P], R],
    first: Iterable[A],
    second: Iterable[B],
    /,
    *args: P.args,
    **same: P.kwargs,
) -> ArtifactFuture[list[R]]: ...


@overload
def map(
    task: TaskDef[Concatenate[A, B, C, P], R],
    first: Iterable[A],
    second: Iterable[B],
    third: Iterable[C],
    /,
    *args: P.args,
    **same: P.kwargs,
) -> ArtifactFuture[list[R]]: ...


@overload
def map(
    task: TaskDef[..., R],
    first: Iterable[Any],
    second: Iterable[Any],
    third: Iterable[Any],
    fourth: Iterable[Any],
    /,
    *more: Iterable[Any],
    **same: Any,
) -> ArtifactFuture[list[R]]: ...


def map(task: TaskDef[..., Any], /, *sequences: Any, **same: Any) -> ArtifactFuture[list[Any]]:
    """Call a task for each element of a sequence, or for the elements of several side by side.

    A sequence is anything that can be iterated, with values or results of tasks as elements, or
    the result of a task: then the run finds out how long it is. However long it is, it is one
    node of the graph.

    Args:
        task: what to call.
        sequences: for the first parameters of the task, one after the other; all equally long.
        same: arguments that are the same for all elements.

    Returns:
        The list of all results, in order. Its `with_...` methods hold for each of the calls.

    Raises:
        WorkflowSyntaxError: the sequences are none, are missing, differ in length, or the
            arguments do not fit the task.
    """
    _check_task(task)
    if not sequences:
        cure = f"Write `sdk.map({task.__name__}, [1, 2, 3])`."
        raise _problem(task, f"is given no sequence. {cure}")
    mapped = [_sequence(task, each, number=n) for n, each in enumerate(sequences, start=1)]
    _check_lengths(task, mapped)
    bound = task.bind(tuple(mapped), same)
    site = user_call_site()
    options = task.options
    for name in _positional_parameters(task)[: len(mapped)]:
        bound.arguments[name] = StandIn(f"each {name}")
    invocation = TaskInvocation(
        task=task,
        args=tuple(mapped),
        kwargs=tuple(same.items()),
        inputs=task.inputs((*mapped, *same.values())),
        site=site,
        resources=options.resources,
        custom_name=task.invocation_name(bound, site=site),
        custom_image=options.custom_image,
        env_vars=options.env_vars,
        map_over=len(mapped),
    )
    return ArtifactFuture(invocation)


def _check_task(task: Any) -> None:
    if isinstance(task, TaskDef):
        return
    problem = f"`sdk.map` calls a task, but was given {task!r}. Decorate the function: `@sdk.task`."
    if isinstance(task, ArtifactFuture):
        problem = (
            f"`sdk.map` calls a task, but was given {task!r}, the result of a call. Give it the "
            "task itself, without arguments."
        )
    raise WorkflowSyntaxError(located(problem, at=user_call_site()))


def _sequence(task: TaskDef[..., Any], given: Any, *, number: int) -> Any:
    """The sequence as the graph holds it: a future or an array as it is, all else as a list."""
    if isinstance(given, ArtifactFuture) or (_is_array(given) and given.ndim):
        return given
    if _is_unordered(given) or not (isinstance(given, Iterable) and not _is_array(given)):
        kind = with_article(type(given).__name__)
        raise _problem(
            task,
            f"is given {kind} as sequence number {number}, which has no elements in a certain "
            "order to call it for. Write a list; `list(...)` makes one.",
        )
    return given if type(given) is list else list(given)


def _is_unordered(value: Any) -> bool:
    """Whether its elements have no certain order, or are not what the user means by it."""
    if isinstance(value, KeysView | ItemsView):  # they are sets, but in the dictionary's order
        return False
    return isinstance(value, str | bytes | bytearray | Mapping | AbstractSet | Secret)


def _is_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def _positional_parameters(task: TaskDef[..., Any]) -> list[str]:
    by_keyword_only = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    parameters = task.signature.parameters.values()
    return [each.name for each in parameters if each.kind not in by_keyword_only]


def _check_lengths(task: TaskDef[..., Any], sequences: list[Any]) -> None:
    lengths = [len(each) for each in sequences if not isinstance(each, ArtifactFuture)]
    if len(set(lengths)) > 1:
        told = ", ".join(builtins.map(str, lengths))
        raise _problem(
            task,
            f"is given sequences of different lengths: {told}. Make them equally long; what is "
            "the same for all elements is given by keyword.",
        )


def _problem(task: TaskDef[..., Any], text: str) -> WorkflowSyntaxError:
    problem = f"`sdk.map` of task `{task.__name__}` {text}"
    return WorkflowSyntaxError(located(problem, at=user_call_site()))
