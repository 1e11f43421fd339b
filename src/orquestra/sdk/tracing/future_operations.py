"""What cannot be done with the result of a task while the workflow is being built, and what can.

Python would do some of it without a word: every object is true and takes new attributes. A
workflow that branches on a future would always take the same branch. The text of a future is
allowed, as it was in release 1.1: programs print it.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from orquestra.sdk.call_sites import located, user_call_site
from orquestra.sdk.exceptions import FutureOperationError

_COMPARED = ("is compared", "Move the comparison into a task.")
CALCULATED = ("is used in a calculation", "Move the calculation into a task.")
_NUMBER = ("is made a number", "Move what needs the number into a task.")
_CHANGED = ("is changed", "Change the value inside a task, and return it from there.")
_ARITHMETIC = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow"),
    *("lshift", "rshift", "and", "xor", "or"),
)

REFUSED: dict[str, tuple[str, str]] = {
    "__bool__": ("is used as a condition", "Move the decision into a task."),
    "__contains__": ("is searched with `in`", "Move the search into a task."),
    "__call__": ("is called", "Call it inside a task."),
    **dict.fromkeys(("__setitem__", "__delitem__", "__setattr__", "__delattr__"), _CHANGED),
    **dict.fromkeys(("__lt__", "__le__", "__gt__", "__ge__"), _COMPARED),
    **dict.fromkeys(("__int__", "__float__", "__complex__", "__index__", "__round__"), _NUMBER),
    **dict.fromkeys(("__neg__", "__pos__", "__abs__", "__invert__"), CALCULATED),
    **dict.fromkeys((f"__{name}__" for name in _ARITHMETIC), CALCULATED),
    **dict.fromkeys((f"__r{name}__" for name in _ARITHMETIC[1:]), CALCULATED),
}
"""Methods behind Python's operators: what the user did, and what to do instead.

`__radd__` is not among them: it is also what Python asks before it extends a list.
"""


def misuse(what: str, cure: str, *, task_name: str) -> FutureOperationError:
    """The error for something done with the result of a task, at the user's line."""
    problem = (
        f"The result of task `{task_name}` {what}, but it does not exist yet while the workflow "
        f"is being built. {cure}"
    )
    return FutureOperationError(located(problem, at=user_call_site()))


def refusal(what: str, cure: str) -> Callable[..., NoReturn]:
    """A method that refuses an operation on a future, whatever its other operand is."""

    def refuse(future: Any, *_operands: Any, **_named: Any) -> NoReturn:
        raise misuse(what, cure, task_name=future.invocation.task.__name__)

    return refuse
