"""For type checkers only: results of tasks that return tuples, so that each element has its type.

Unpacking keeps the types of elements for tuples alone. So a call whose result is a tuple is typed
as a future that is a tuple of futures as well; what it really gives is always a plain future.
"""

# ruff: noqa: SLOT001 - no object of these classes is ever made

from typing import TypeVar

from orquestra.sdk.tracing.futures import ArtifactFuture

A_co = TypeVar("A_co", covariant=True)
B_co = TypeVar("B_co", covariant=True)
C_co = TypeVar("C_co", covariant=True)
D_co = TypeVar("D_co", covariant=True)


class Unknown:
    """The result of no task.

    A task whose function has no annotations fits each overload of a call, so the first: the one
    for this result, which gives a future of anything instead of one of a tuple.
    """


class OneOutput(  # type: ignore[misc]  # indexing is that of tuples, element by element
    ArtifactFuture[tuple[A_co]],
    tuple[ArtifactFuture[A_co]],
):
    """The result of a task that returns a tuple of one."""


class TwoOutputs(  # type: ignore[misc]  # the same
    ArtifactFuture[tuple[A_co, B_co]],
    tuple[ArtifactFuture[A_co], ArtifactFuture[B_co]],
):
    """The result of a task that returns a tuple of two."""


class ThreeOutputs(  # type: ignore[misc]  # the same
    ArtifactFuture[tuple[A_co, B_co, C_co]],
    tuple[ArtifactFuture[A_co], ArtifactFuture[B_co], ArtifactFuture[C_co]],
):
    """The result of a task that returns a tuple of three."""


class FourOutputs(  # type: ignore[misc]  # the same
    ArtifactFuture[tuple[A_co, B_co, C_co, D_co]],
    tuple[ArtifactFuture[A_co], ArtifactFuture[B_co], ArtifactFuture[C_co], ArtifactFuture[D_co]],
):
    """The result of a task that returns a tuple of four."""
