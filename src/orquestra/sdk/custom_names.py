"""Names of task invocations and workflows, made from a template and the call's arguments."""

import string
import warnings
from collections.abc import Mapping
from typing import Any

from orquestra.sdk.exceptions import (
    InvalidPlaceholderInCustomTaskNameError,
    UnknownPlaceholderInCustomNameWarning,
    WorkflowSyntaxError,
)
from orquestra.sdk.futures import ArtifactFuture


class _StandIn(str):
    """A name in place of a value; number formats that were meant for the value do not apply."""

    __slots__ = ()

    def __format__(self, _spec: str) -> str:
        return str(self)


def render_task_name(template: str, *, arguments: Mapping[str, Any]) -> str:
    """The name of one invocation; for a future stands the task that produces it.

    Raises:
        InvalidPlaceholderInCustomTaskNameError: a placeholder is no parameter.
    """
    values = dict(arguments)
    for name in _placeholders(template, arguments=arguments):
        value = values[name]
        if isinstance(value, ArtifactFuture):
            values[name] = _StandIn(value.invocation.task.__name__)
            warnings.warn(
                f"The custom name {template!r} mentions `{name}`, which is known only at run "
                f"time. It shows the task that makes it instead: `{values[name]}`.",
                UnknownPlaceholderInCustomNameWarning,
                stacklevel=3,
            )
    return template.format_map(values)


def render_workflow_name(template: str, *, arguments: Mapping[str, Any]) -> str:
    """The name of one workflow.

    Raises:
        InvalidPlaceholderInCustomTaskNameError: a placeholder is no parameter.
        WorkflowSyntaxError: a placeholder stands for a value known only at run time.
    """
    for name in _placeholders(template, arguments=arguments):
        if isinstance(arguments[name], ArtifactFuture):
            raise WorkflowSyntaxError(
                f"The workflow's custom name {template!r} mentions `{name}`, which is known only "
                "at run time. Leave it out of the name."
            )
    return template.format_map(arguments)


def _placeholders(template: str, *, arguments: Mapping[str, Any]) -> list[str]:
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    for name in names:
        if name not in arguments:
            raise InvalidPlaceholderInCustomTaskNameError(
                f"The custom name {template!r} mentions {{{name}}}, which is no parameter. "
                f"Use one of: {', '.join(arguments) or '(there is none)'}."
            )
    return names
