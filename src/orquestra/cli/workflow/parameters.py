"""Arguments of workflows, as they are typed: `--param name=value`."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure
from orquestra.cli.workflow.parameter_values import evaluated, quoted, read
from orquestra.sdk import WorkflowTemplate

_TAKES_MANY = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}


def bind(template: WorkflowTemplate[Any], texts: Sequence[str]) -> inspect.BoundArguments:
    """The arguments of a workflow by what was typed, like `alpha=0.1`.

    Raises:
        BadParameter: one of them is no name with a value, or a name comes twice.
        Failure: they do not fit the parameters of the workflow.
    """
    given = _split(texts)
    signature = _signature(template)
    values = {}
    for name, text in given.items():
        parameter = _parameter(signature, name)
        if parameter is None:
            _refuse(template, signature, problem=f"has no parameter {name!r}")
        try:
            values[name] = read(text, annotation=parameter.annotation)
        except ValueError as error:
            _refuse(template, signature, problem=f"cannot have {name}={quoted(text)}: {error}")
    return _bound(template, signature, values)


def _split(texts: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter(
                f"{quoted(text)} is not of the form name=value.", param_hint="--param"
            )
        if name in given:
            raise click.BadParameter(f"{name!r} is given twice.", param_hint="--param")
        given[name] = value
    return given


def _signature(template: WorkflowTemplate[Any]) -> inspect.Signature:
    """The parameters, with the meaning of annotations that are written as text."""
    signature = inspect.signature(template)
    names = getattr(inspect.unwrap(template), "__globals__", {})
    return signature.replace(
        parameters=[
            parameter.replace(annotation=evaluated(parameter.annotation, names=names))
            for parameter in signature.parameters.values()
        ]
    )


def _parameter(signature: inspect.Signature, name: str) -> inspect.Parameter | None:
    """What takes an argument of that name."""
    parameters = signature.parameters.values()
    by_name = {p.name: p for p in parameters if p.kind is not p.VAR_POSITIONAL}
    takes_all = next((p for p in parameters if p.kind is p.VAR_KEYWORD), None)
    parameter = by_name.get(name)
    if parameter is None or parameter.kind is parameter.VAR_KEYWORD:
        return takes_all
    return parameter


def _bound(
    template: WorkflowTemplate[Any], signature: inspect.Signature, values: Mapping[str, Any]
) -> inspect.BoundArguments:
    missing = [
        p.name
        for p in signature.parameters.values()
        if p.default is p.empty and p.kind not in _TAKES_MANY and p.name not in values
    ]
    if missing:
        _refuse(
            template,
            signature,
            problem=f"needs more: {', '.join(missing)}",
            hint=f"add {' '.join(f'--param {name}=…' for name in missing)}",
        )
    by_position = _by_position(signature, values)
    named = {name: value for name, value in values.items() if name not in by_position}
    return signature.bind(*by_position.values(), **named)


def _by_position(signature: inspect.Signature, values: Mapping[str, Any]) -> dict[str, Any]:
    """What can be given by position only, up to the last that is given; the others by default."""
    parameters = [p for p in signature.parameters.values() if p.kind is p.POSITIONAL_ONLY]
    while parameters and parameters[-1].name not in values:
        parameters.pop()
    return {p.name: values.get(p.name, p.default) for p in parameters}


def _refuse(
    template: WorkflowTemplate[Any],
    signature: inspect.Signature,
    *,
    problem: str,
    hint: str | None = None,
) -> NoReturn:
    if not signature.parameters:
        hint = "it needs no --param"
    failure = Failure(
        f"the workflow `{template.__name__}` {problem}", code=ExitCode.INVALID_WORKFLOW, hint=hint
    )
    failure.details = ["  its parameters are:"] if signature.parameters else []
    failure.details += [f"    {parameter}" for parameter in signature.parameters.values()]
    raise failure
