# pyright: strict
"""`sdk.map` calls a task once for each element of sequences, or of results that are lists."""

from datetime import timedelta
from typing import assert_type

from orquestra import sdk


@sdk.task
def square(n: int, *, power: int = 2) -> float:
    return float(n**power)


@sdk.task
def add(a: float, b: float) -> float:
    return a + b


@sdk.task
def numbers() -> list[int]:
    return [1, 2, 3]


@sdk.task(retries=3, timeout=60, cache=True)
def careful(n: int) -> int:
    return n


@sdk.task(
    retries=sdk.RetryPolicy(max_retries=2, delay=0.5),
    timeout=timedelta(hours=1),
    cache=sdk.CachePolicy(max_age=timedelta(days=1)),
)
def most_careful(n: int) -> int:
    return n


assert_type(sdk.map(square, [1, 2, 3]), sdk.ArtifactFuture[list[float]])
assert_type(sdk.map(square, range(10), power=3), sdk.ArtifactFuture[list[float]])
assert_type(sdk.map(square, numbers()), sdk.ArtifactFuture[list[float]])
assert_type(sdk.map(add, [1.0], (2.0,)), sdk.ArtifactFuture[list[float]])
assert_type(sdk.map(square, [careful(1), careful(2)]), sdk.ArtifactFuture[list[float]])
assert_type(sdk.map(add, [1.0, 2.0], b=3.0), sdk.ArtifactFuture[list[float]])
assert_type(sdk.map(square, {1: "one"}.keys()), sdk.ArtifactFuture[list[float]])
assert_type(careful(1), sdk.ArtifactFuture[int])
assert_type(most_careful(1), sdk.ArtifactFuture[int])

# No type can refuse this one without forgetting the types of keywords; building refuses it.
sdk.map(add, [1.0, 2.0], 3.0)
sdk.map([1, 2], square)  # mypy: call-overload, pyright: reportCallIssue, reportArgumentType
sdk.map(square, 3)  # mypy: call-overload, pyright: reportArgumentType
sdk.map(square, ["text"])  # mypy: call-overload, pyright: reportArgumentType
sdk.map(square, [1], power="2")  # mypy: call-overload, pyright: reportArgumentType
sdk.map(square, [1], other=2)  # mypy: call-overload, pyright: reportCallIssue
sdk.map(add, [1.0], ["text"])  # mypy: call-overload, pyright: reportCallIssue, reportArgumentType
sdk.map(len, [[1]])  # mypy: call-overload, pyright: reportCallIssue, reportArgumentType
sdk.task(retries="3")  # mypy: call-overload, pyright: reportArgumentType
sdk.RetryPolicy(max_retries="3")  # mypy: arg-type, pyright: reportArgumentType
