"""What Ray's errors mean, in the words of a user."""

import re
from dataclasses import dataclass
from datetime import timedelta

from orquestra.executor.dispatch import Failure, Reason
from orquestra.executor.memory import NodeMemory

_GIB = 2**30
_RAY_MEMORY = re.compile(r"was ([\d.]+)GB / ([\d.]+)GB")
_PIP_LINES = 6


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """What a message says about a task. `memory` is what it asked for, as it wrote it."""

    name: str
    memory: str | None


def crash(facts: TaskFacts, *, memory: NodeMemory, oom_kills_before: int) -> Failure:
    """A worker died by itself, or was killed by the kernel for memory."""
    if memory.oom_kills > oom_kills_before:
        return out_of_memory(facts, used=memory.peak, limit=memory.limit)
    message = (
        f"The process of task '{facts.name}' died without an exception: a crash in native code, "
        "a kill, or os._exit. Look at the end of its logs, or allow another try with max_retries="
    )
    return Failure(reason=Reason.CRASH, message=message)


def out_of_memory(facts: TaskFacts, *, used: float, limit: float) -> Failure:
    """A task took more memory than its node has. Amounts in bytes."""
    asked = f"asked for memory={facts.memory!r}" if facts.memory else "asked for no memory"
    message = (
        f"Task '{facts.name}' ran out of memory on its node: {used / _GIB:.2f} GiB of "
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
    message = f"The node of task '{facts.name}' was lost while it ran."
    return Failure(reason=Reason.NODE_LOST, message=message)


def input_lost(facts: TaskFacts) -> Failure:
    """A value that the task needs went away with another node."""
    message = f"A value that task '{facts.name}' needs was lost with a node."
    return Failure(reason=Reason.INPUT_LOST, message=message)


def environment(facts: TaskFacts, *, ray_message: str) -> Failure:
    """The packages of a task could not be installed."""
    lines = [line.strip() for line in ray_message.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    end = "\n".join((errors or lines)[-_PIP_LINES:])
    message = f"The dependency_imports of task '{facts.name}' could not be installed:\n{end}"
    return Failure(reason=Reason.ENVIRONMENT, message=message)


def interrupted(facts: TaskFacts) -> Failure:
    """A KeyboardInterrupt was raised in the task."""
    message = (
        f"Task '{facts.name}' was interrupted from within: something in it raised "
        "KeyboardInterrupt, as libraries for time limits do. Its logs may say what."
    )
    return Failure(reason=Reason.TASK, message=message)


def no_secrets(facts: TaskFacts, *, secret: str) -> Failure:
    """A task takes a secret, which nothing here can look up."""
    message = (
        f"Task '{facts.name}' takes the secret {secret!r}, and this engine has no secrets yet. "
        "Give the task the value in another way, such as .with_env_variables(...)"
    )
    return Failure(reason=Reason.TASK, message=message)


def unexpected(facts: TaskFacts, *, ray_message: str) -> Failure:
    """Anything else that Ray says."""
    first = next(iter(ray_message.splitlines()), "no message")
    message = f"Task '{facts.name}' could not be run: {first}"
    return Failure(reason=Reason.TASK, message=message)


def called_off() -> Failure:
    """The run failed before the task began."""
    return Failure(reason=Reason.NOT_BEGUN, message="Another task failed before this one began.")


EXAMINATION = timedelta(seconds=20)
"""How long a node may take to be looked at; one that takes longer is taken for lost."""
