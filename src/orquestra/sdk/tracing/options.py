"""What decorators and `with_...` methods are given, checked where it is given.

Wrong types are told here, at the line that has them. Amounts that no node can have are told when
the workflow is built, because tasks may be defined that no workflow uses.
"""

import string
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

from orquestra.sdk.code.imports import Import
from orquestra.sdk.kubernetes.quantity import parse_quantity
from orquestra.sdk.tracing.durations import checked_duration
from orquestra.sdk.tracing.resources import Resources

_AMOUNTS = {"cpu": '"2" or "500m"', "memory": '"4Gi"', "disk": '"10Gi"', "gpu": '"1"'}


def checked_resources(resources: Any) -> Resources:
    """Resources whose fields have types that make sense; None asks for nothing.

    Raises:
        TypeError: the resources, or one of their fields, are something else.
        ValueError: an amount is no finite number.
    """
    if resources is None:
        return Resources()
    if not isinstance(resources, Resources):
        raise TypeError(
            f'resources={resources!r} is {_kind(resources)}. Write sdk.Resources(cpu="2", ...).'
        )
    for name, example in _AMOUNTS.items():
        _check_amount(getattr(resources, name), name=name, example=example)
    _check_whole(resources.nodes, name="nodes", example="2")
    return resources


def checked_retries(max_retries: Any) -> int | None:
    """A number of retries.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is negative.
    """
    number = _check_whole(max_retries, name="max_retries", example="3")
    if number is not None and number < 0:
        raise ValueError(f"max_retries must not be negative, but is {number}")
    return number


def checked_timeout(timeout: Any) -> timedelta | None:
    """How long one attempt of a task may take.

    Raises:
        TypeError: it is no length of time.
        ValueError: it is not longer than nothing.
    """
    if timeout is None:
        return None
    duration = checked_duration(timeout, name="timeout", example="600")
    if not duration:
        raise ValueError(f"timeout={timeout!r} leaves no time. Leave it out for no limit.")
    return duration


def checked_env_vars(env_vars: Any) -> dict[str, str] | None:
    """A copy of environment variables, so that a later change of the original is none here.

    Raises:
        TypeError: they are no mapping.
    """
    if env_vars is None:
        return None
    if not isinstance(env_vars, Mapping):
        raise TypeError(
            f"env_vars={env_vars!r} is {_kind(env_vars)}. Write a dictionary, like "
            'env_vars={"NAME": "value"}.'
        )
    return dict(env_vars)


def checked_image(image: Any, *, name: str = "custom_image") -> str | None:
    """The name of a container image; `name` is that of the option.

    Raises:
        TypeError: it is no text.
    """
    return _check_text(image, name=name, example='"team/image:1.0"')


def checked_name_template(custom_name: Any) -> str | None:
    """A template for names; whether its placeholders exist is seen when it is used.

    Raises:
        TypeError: it is no text.
        ValueError: its braces do not match.
    """
    template = _check_text(custom_name, name="custom_name", example='"fit {alpha}"')
    if template is None:
        return None
    try:
        list(placeholders(template))
    except ValueError as error:
        raise ValueError(
            f"custom_name={template!r} cannot be read: {error}. Write parameters as {{name}}, and "
            "{{ and }} for braces."
        ) from error
    return template


def checked_source_import(source_import: Any, *, name: str) -> Import | None:
    """Where code comes from; `name` is that of the option.

    Raises:
        TypeError: it is no import.
    """
    if source_import is not None and not isinstance(source_import, Import):
        raise TypeError(
            f"{name}={source_import!r} is {_kind(source_import)}. Write {name}=sdk.InlineImport(), "
            "or leave it out."
        )
    return source_import


def placeholders(template: str) -> Iterator[str]:
    """The names in braces, those inside of formats included.

    Raises:
        ValueError: the braces do not match.
    """
    for _, name, spec, _ in string.Formatter().parse(template):
        if name is not None:
            yield name
            yield from placeholders(spec or "")


def _check_amount(amount: Any, *, name: str, example: str) -> None:
    if amount is None or isinstance(amount, str):
        return
    if isinstance(amount, bool) or not isinstance(amount, Real | Decimal):
        raise TypeError(f"{name}={amount!r} is {_kind(amount)}. Write {name}={example}.")
    try:
        parse_quantity(str(amount))
    except ValueError as error:
        raise ValueError(f"{name}={amount!r}: {error}") from error


def _check_whole(number: Any, *, name: str, example: str) -> int | None:
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise TypeError(
            f"{name}={number!r} is {_kind(number)}. Write a whole number, like {name}={example}."
        )
    return number


def _check_text(text: Any, *, name: str, example: str) -> str | None:
    if text is not None and not isinstance(text, str):
        raise TypeError(f"{name}={text!r} is {_kind(text)}. Write a text, like {name}={example}.")
    return text


def _kind(value: Any) -> str:
    return f"of the type {type(value).__name__}"
