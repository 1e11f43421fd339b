"""Names of task invocations and workflows, made from a template and the call's arguments."""

from collections.abc import Mapping
from typing import Any

from orquestra.sdk.call_sites import CallSite, located, warn_user
from orquestra.sdk.exceptions import (
    InvalidPlaceholderInCustomTaskNameError,
    UnknownPlaceholderInCustomNameWarning,
    WorkflowSyntaxError,
)
from orquestra.sdk.tracing.futures import ArtifactFuture
from orquestra.sdk.tracing.options import placeholders


class StandIn(str):
    """A name in place of a value; number formats that were meant for the value do not apply."""

    __slots__ = ()

    def __format__(self, _spec: str) -> str:
        return str(self)


def render_task_name(template: str, *, arguments: Mapping[str, Any], site: CallSite | None) -> str:
    """The name of the invocation at `site`; for a future stands the task that produces it.

    Raises:
        InvalidPlaceholderInCustomTaskNameError: a placeholder is no parameter.
        WorkflowSyntaxError: a value cannot be written as its placeholder says.
    """
    values = dict(arguments)
    for name in _parameters(template, arguments=arguments, site=site):
        value = values[name]
        if isinstance(value, ArtifactFuture):
            values[name] = StandIn(value.invocation.task.__name__)
            warn_user(
                f"The custom name {template!r} mentions `{name}`, which is known only at run "
                f"time. It shows the task that makes it instead: `{values[name]}`.",
                UnknownPlaceholderInCustomNameWarning,
            )
    return _formatted(template, values=values, site=site)


def render_workflow_name(
    template: str, *, arguments: Mapping[str, Any], site: CallSite | None
) -> str:
    """The name of the workflow at `site`.

    Raises:
        InvalidPlaceholderInCustomTaskNameError: a placeholder is no parameter.
        WorkflowSyntaxError: a placeholder stands for a value known only at run time, or cannot
            be written as it says.
    """
    for name in _parameters(template, arguments=arguments, site=site):
        if isinstance(arguments[name], ArtifactFuture):
            problem = (
                f"The workflow's custom name {template!r} mentions `{name}`, which is known only "
                "at run time. Leave it out of the name."
            )
            raise WorkflowSyntaxError(located(problem, at=site))
    return _formatted(template, values=arguments, site=site)


def _parameters(template: str, *, arguments: Mapping[str, Any], site: CallSite | None) -> list[str]:
    names = list(placeholders(template))
    for name in names:
        if name not in arguments:
            problem = (
                f"The custom name {template!r} mentions {{{name}}}, which is no parameter. "
                f"Use one of: {', '.join(arguments) or '(there is none)'}."
            )
            raise InvalidPlaceholderInCustomTaskNameError(located(problem, at=site))
    return names


def _formatted(template: str, *, values: Mapping[str, Any], site: CallSite | None) -> str:
    try:
        return template.format_map(values)
    except Exception as error:  # what a user's object raises when formatted can be anything
        problem = (
            f"The custom name {template!r} does not fit these arguments: {error}. Leave out the "
            "format after the colon, or the parameter."
        )
        raise WorkflowSyntaxError(located(problem, at=site)) from error
