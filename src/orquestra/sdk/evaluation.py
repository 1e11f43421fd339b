"""What a task gets and what its result stands for: the one place that decides it.

The executor's workers and the in-process runtime both work by these rules, so that a workflow has
the same results everywhere. Problems are told in words; no runtime's own terms appear here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orquestra.sdk.articles import with_article
from orquestra.sdk.execution_context import CurrentRunIDs
from orquestra.sdk.schema import ir

DRY_RUN_OUTPUT = "dry_run task output"
ONE_VALUE = ir.TaskOutputMetadata(is_subscriptable=False, n_outputs=1)
"""The output of a task whose definition does not say it."""


class ResultProblem(Exception):
    """A result, or a sequence to map over, that cannot be used; the text is for the user."""


def dry_run_value(output: ir.TaskOutputMetadata) -> Any:
    """What a task returns in a dry run."""
    if not output.is_subscriptable:
        return DRY_RUN_OUTPUT
    return (DRY_RUN_OUTPUT,) * output.n_outputs


def part(result: Any, index: int | None, *, output: ir.TaskOutputMetadata, task_name: str) -> Any:
    """What an artifact stands for: all of a result (no index), or one element of it.

    The one output of `x, = task()` is the element of a tuple or list that has one, and anything
    else as a whole. Elements beyond the declared outputs are dropped.

    Raises:
        ResultProblem: the task returned fewer values than it has outputs.
    """
    if index is None:
        return result
    if output.n_outputs == 1:
        is_wrapped = isinstance(result, tuple | list) and len(result) == 1
        return result[0] if is_wrapped else result
    try:
        return result[index]
    except (TypeError, LookupError):
        raise ResultProblem(
            f"Task '{task_name}' has {output.n_outputs} outputs, but it returned "
            f"{_count(result)}. Return as many values as it has outputs."
        ) from None


def gather(kind: ir.CollectionType, *, items: Iterable[Any], keys: Iterable[Any] = ()) -> Any:
    """A collection of the values that tasks have made, as the workflow wrote it."""
    if kind is ir.CollectionType.DICT:
        return dict(zip(keys, items, strict=True))
    return tuple(items) if kind is ir.CollectionType.TUPLE else list(items)


def map_length(sequences: Mapping[int | str, Any], *, task_name: str, dry_run: bool = False) -> int:
    """How many elements a map over these arguments (by position or name) has.

    Sequences are Python's own, arrays as NumPy's, and what pandas makes: of a table its rows.
    In a dry run an argument that a task was to make is no sequence; it does not count, and if
    none counts, one element stands for all.

    Raises:
        ResultProblem: one of them is no sequence, or their lengths differ.
    """
    lengths: dict[str, int] = {}
    for key, sequence in sequences.items():
        length = _length(sequence)
        if length is not None:
            lengths[_argument(key)] = length
        elif not dry_run:
            raise ResultProblem(
                f"Task '{task_name}' is mapped over {_argument(key)}, which is "
                f"{with_article(type(sequence).__name__)} and not a sequence. "
                "Let the task that makes it return a list."
            )
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{argument} has {length}" for argument, length in lengths.items())
        raise ResultProblem(
            f"Task '{task_name}' is mapped over sequences of different lengths: {told}. "
            "Give it sequences with equally many elements."
        )
    return next(iter(lengths.values()), 1)


def map_element(sequence: Any, index: int) -> Any:
    """What one element of a map gets of a mapped argument."""
    if _length(sequence) is None:
        return sequence
    # What pandas makes would take the index for a label.
    return sequence.iloc[index] if hasattr(type(sequence), "iloc") else sequence[index]


def element_ids(ids: CurrentRunIDs, index: int) -> CurrentRunIDs:
    """What an element of a map is told of itself: a run of its own of the map's invocation."""
    return ids._replace(task_run_id=ir.element_id(str(ids.task_run_id), index))


def one_line(error: BaseException) -> str:
    """The type of an exception and the first line of its text."""
    name = type(error).__name__
    try:
        text = next(iter(str(error).splitlines()), "")
    except BaseException:  # noqa: BLE001 - an exception's own text may be any code
        return f"{name} (its text cannot be made: its __str__ raises)"
    return f"{name}: {text}" if text else name


def cannot_be_pickled(task_name: str, error: BaseException) -> str:
    """The problem of a task whose result cannot be kept."""
    return (
        f"The result of task '{task_name}' cannot be pickled: {one_line(error)}. "
        "Return plain data, or objects that pickle, instead of open files, locks or handles."
    )


def failure_message(problem: str, *, task_name: str, invocation_id: str) -> str:
    """The message of a run that a task's problem has ended; it always names the task."""
    named = problem if f"'{task_name}'" in problem else f"Task '{task_name}' failed: {problem}"
    return f"{named} ({invocation_id})"


def _length(value: Any) -> int | None:
    if isinstance(value, str | bytes | bytearray):
        return None
    kind = type(value)  # not the object itself, whose attributes may be any code
    is_array = hasattr(kind, "__array__") and hasattr(kind, "shape")
    if not (isinstance(value, Sequence) or is_array or hasattr(kind, "iloc")):
        return None
    try:
        return len(value)
    except Exception:  # noqa: BLE001 - the length of a user's object may be any code
        return None


def _argument(key: int | str) -> str:
    return f"argument {key!r}" if isinstance(key, str) else f"its argument {key + 1}"


def _count(value: Any) -> str:
    try:
        return f"{len(value)} values ({type(value).__name__})"
    except Exception:  # noqa: BLE001 - the length of a user's object may be any code
        return f"one value ({type(value).__name__})"
