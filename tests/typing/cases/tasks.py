# pyright: strict
"""Tasks take what their functions take, or a future in place of any value."""

from typing import assert_type

from orquestra import sdk


@sdk.task
def bare(n: int, *, name: str = "x") -> float:
    return n * len(name)


@sdk.task(n_outputs=1, max_retries=2, resources=sdk.Resources(cpu="1"))
def configured(n: int) -> list[str]:
    return [str(n)]


def plain(n: int) -> int:
    return n


called = sdk.task(plain)
called_with_options = sdk.task(plain, custom_image="mine:1")
again = sdk.task(bare)


class Model:
    @staticmethod
    @sdk.task
    def trained(n: int) -> str:
        return str(n)


assert_type(bare(1), sdk.ArtifactFuture[float])
assert_type(bare(1, name="y"), sdk.ArtifactFuture[float])
assert_type(configured(1), sdk.ArtifactFuture[list[str]])
assert_type(again(1), sdk.ArtifactFuture[float])
assert_type(Model.trained(1), sdk.ArtifactFuture[str])
assert_type(bare.__wrapped__(1, name="x"), float)
assert_type(called(1), sdk.ArtifactFuture[int])
assert_type(called_with_options(n=1), sdk.ArtifactFuture[int])

bare(called(1), name=configured(2))  # the values are there only when the task runs
configured(bare(1))

bare("text")  # mypy: arg-type, pyright: reportArgumentType
bare(1, name=2)  # mypy: arg-type, pyright: reportArgumentType
bare(1, "y")  # mypy: call-arg, pyright: reportCallIssue
bare()  # mypy: call-arg, pyright: reportCallIssue
bare(1, other=2)  # mypy: call-arg, pyright: reportCallIssue
configured(plain)  # mypy: arg-type, pyright: reportArgumentType
bare(configured)  # mypy: arg-type, pyright: reportArgumentType
called("text")  # mypy: arg-type, pyright: reportArgumentType
called_with_options(1, 2)  # mypy: call-arg, pyright: reportCallIssue

sdk.task(1)  # mypy: call-overload, pyright: reportCallIssue, reportArgumentType
sdk.task(plain, n_outputs="2")  # mypy: call-overload, pyright: reportArgumentType
sdk.task(plain, max_retrys=2)  # mypy: call-overload, pyright: reportCallIssue
sdk.Resources(cpu=2)  # mypy: arg-type, pyright: reportArgumentType

sdk.tusk  # mypy: attr-defined, pyright: reportAttributeAccessIssue, reportUnknownMemberType
