"""Why attempts fail: the reasons, and their messages in the words of a user."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from orquestra.sdk.schema.cluster import Cause

_GIB = 2**30
_RAY_MEMORY = re.compile(r"was ([\d.]+)GB / ([\d.]+)GB")
_PIP_LINES = 6

MOST_TEXT = 4000
"""Characters of a message; the logs have all of it."""

MOST_LOSSES = 3
"""Nodes that may be lost under one invocation. More than that is no accident."""


class Reason(Enum):
    """Why an attempt has failed; it decides whether there is another."""

    TASK = "task"
    """The task itself: an exception, a result that cannot be kept. Its `retry_policy` counts."""
    EXIT = "exit"
    """The task has raised what is no `Exception`, as `sys.exit()` does: it wants to end."""
    TIMEOUT = "timeout"
    """It took longer than its timeout. Counts like an exception."""
    ENVIRONMENT = "environment"
    """What the task needs could not be installed, or its workers do not come up."""
    CRASH = "crash"
    """Its process died, for memory or by itself. Counts against `max_retries`."""
    NODE_LOST = "node_lost"
    """Its node went away. Not the task's fault."""


CAUSES: Mapping[Reason, Cause] = {
    Reason.TASK: Cause.TASK,
    Reason.TIMEOUT: Cause.TASK,
    Reason.CRASH: Cause.CRASH,
    Reason.NODE_LOST: Cause.NODE_LOST,
}
"""Which of its task's retries an attempt uses up; after other failures there is none."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an attempt has failed, for the executor and, in one line, for the user."""

    reason: Reason
    message: str


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """What a message says about a task, or about one `element` of a map.

    `memory` is what it asked for, as it wrote it.
    """

    name: str
    memory: str | None
    element: int | None = None

    @property
    def who(self) -> str:
        """Its name for the middle of a sentence."""
        task = f"task '{self.name}'"
        return task if self.element is None else f"element {self.element} of {task}"


def crash(facts: TaskFacts) -> Failure:
    """A worker died by itself."""
    message = (
        f"The process of {facts.who} died without an exception: a crash in native code, "
        "a kill, or os._exit. Look at the end of its logs, or allow another try with max_retries="
    )
    return Failure(reason=Reason.CRASH, message=message)


def out_of_memory(facts: TaskFacts, *, used: float, limit: float) -> Failure:
    """A task took more memory than its node has. Amounts in bytes."""
    asked = f"asked for memory={facts.memory!r}" if facts.memory else "asked for no memory"
    message = (
        f"{_capitalized(facts.who)} ran out of memory on its node: {used / _GIB:.2f} GiB of "
        f"{limit / _GIB:.2f} GiB were in use (the task {asked}). Ask for more memory with "
        "resources= on the workflow (that sizes its nodes) and on the task"
    )
    return Failure(reason=Reason.CRASH, message=message)


def ray_memory(message: str) -> tuple[float, float] | None:
    """Bytes used and at most, from the message of Ray's memory monitor (its GB are 2**30)."""
    found = _RAY_MEMORY.search(message)
    return (float(found[1]) * _GIB, float(found[2]) * _GIB) if found else None


def node_lost(facts: TaskFacts) -> Failure:
    """The node went away under the task."""
    message = (
        f"The node of {facts.who} was lost while it ran. "
        f"It is tried again {MOST_LOSSES} times at most."
    )
    return Failure(reason=Reason.NODE_LOST, message=message)


def timeout(facts: TaskFacts, *, seconds: float) -> Failure:
    """A task took longer than it may."""
    message = (
        f"{_capitalized(facts.who)} was ended: it took longer than its timeout of {seconds:g} s. "
        "Allow it more with timeout=, or more tries with retries="
    )
    return Failure(reason=Reason.TIMEOUT, message=message)


def too_many(facts: TaskFacts, *, length: int, most: int) -> Failure:
    """A map has more elements than can be run."""
    message = (
        f"Task '{facts.name}' is mapped over {length:,} elements, and a map may have {most:,}. "
        "Let each element be a batch of many."
    )
    return Failure(reason=Reason.TASK, message=message)


def environment(facts: TaskFacts, *, said: str) -> Failure:
    """The packages of a task could not be installed; `said` is what the installer wrote."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    end = "\n".join((errors or lines)[-_PIP_LINES:])
    message = f"The dependency_imports of task '{facts.name}' could not be installed:\n{end}"
    return Failure(reason=Reason.ENVIRONMENT, message=message)


def unable(facts: TaskFacts, *, said: str) -> Failure:
    """The workers of a task do not come up; `said` is Ray's reason."""
    first = next(iter(said.splitlines()), "no message")
    message = f"Task '{facts.name}' could not be run: {first}"
    return Failure(reason=Reason.ENVIRONMENT, message=message)


def told(facts: TaskFacts, message: str, *, tries: int = 0) -> str:
    """A message as it is told: which element it is about, and how often that was tried in vain."""
    if facts.element is not None and facts.who[1:] not in message:
        message = f"{_capitalized(facts.who)} failed: {message}"
    note = f" (tried {tries} times)" if tries > 1 else ""
    return printable(message)[: MOST_TEXT - len(note)] + note


def printable(message: str) -> str:
    """A message without what no UTF-8 can hold: halves of surrogate pairs in a user's text.

    Of a very long one the beginning.
    """
    return message[:MOST_TEXT].encode(errors="replace").decode()


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
