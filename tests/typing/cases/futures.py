# pyright: strict
"""Futures keep the types of results, also when they are taken apart and changed."""

from typing import Any, assert_type

from orquestra import sdk


@sdk.task
def number() -> int:
    return 1


@sdk.task
def pair(n: int) -> tuple[int, str]:
    return n, str(n)


@sdk.task
def triple() -> tuple[int, str, list[float]]:
    return 1, "a", [0.5]


@sdk.task
def alone() -> tuple[int]:
    return (1,)


@sdk.task(n_outputs=2)
def listed() -> list[str]:
    return ["a", "b"]


@sdk.task(n_outputs=2)
def of_any_type() -> Any:
    return 1, 2


@sdk.task(n_outputs=3)
def of_unknown_length() -> tuple[int, ...]:
    return 1, 2, 3


first, second = pair(1)
assert_type(first, sdk.ArtifactFuture[int])
assert_type(second, sdk.ArtifactFuture[str])

a, b, c = triple()
assert_type(c, sdk.ArtifactFuture[list[float]])

(only,) = alone()
assert_type(only, sdk.ArtifactFuture[int])

assert_type(pair(1)[1], sdk.ArtifactFuture[str])
assert_type(triple()[-1], sdk.ArtifactFuture[list[float]])

packed: sdk.ArtifactFuture[tuple[int, str]] = pair(1)
pair(first)

one, two = listed()
any_one, any_two = of_any_type()
x, y, z = of_unknown_length()
assert_type(of_unknown_length(), sdk.ArtifactFuture[tuple[int, ...]])

changed = number().with_resources(cpu="2", gpu=1).with_custom_image("mine:1")
assert_type(changed, sdk.ArtifactFuture[int])
assert_type(changed.with_env_variables({"A": "1"}), sdk.ArtifactFuture[int])
assert_type(number().with_invocation_meta(memory="1Gi"), sdk.ArtifactFuture[int])

still_first, still_second = pair(1).with_resources(memory=None)
assert_type(still_second, sdk.ArtifactFuture[str])

too, many, names = pair(1)  # mypy: misc, pyright: reportAssignmentType, reportUnknownVariableType
pair("text")  # mypy: call-overload, pyright: reportCallIssue, reportArgumentType
number().with_resources(cpu=2)  # mypy: arg-type, pyright: reportArgumentType
number().with_resources(nodes=2)  # mypy: call-arg, pyright: reportCallIssue
number().with_env_variables({"A": 1})  # mypy: dict-item, pyright: reportArgumentType
number().with_custom_image(1)  # mypy: arg-type, pyright: reportArgumentType
