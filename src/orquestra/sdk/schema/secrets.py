"""Bodies of the HTTP API of secrets, those of the published client 1.1.0."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from orquestra.sdk.schema.api import Body, Envelope

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_LONGEST_NAME = 128

NAME_RULE = (
    f"A name has at most {_LONGEST_NAME} letters, digits, dashes, underscores and dots, and begins "
    "and ends with a letter or a digit."
)


def is_name(text: str) -> bool:
    """Whether a secret may have this name."""
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


Value = Annotated[str, Field(repr=False, json_schema_extra={"format": "password"})]


class NewSecret(Body):
    """A secret that is to be there; without a resource group it is in the personal workspace."""

    name: str
    value: Value
    resource_group: str | None = None


class SecretValue(Body):
    """A new value of a secret that is there."""

    value: Value


class SecretName(Body):
    """A secret as lists show it."""

    name: str


class SecretDetails(Body):
    """A secret with its value."""

    name: str
    value: Value
    resource_group: str | None = None


class Secret(Body):
    """What is told of one secret."""

    details: SecretDetails
    last_modified: datetime | None = None
    owner: str | None = None


class CreateSecret(Envelope[NewSecret]):
    """A request for a new secret. What is wrong with it is said without its value."""

    model_config = ConfigDict(hide_input_in_errors=True)


class UpdateSecret(Envelope[SecretValue]):
    """A request for another value. What is wrong with it is said without the value."""

    model_config = ConfigDict(hide_input_in_errors=True)


class SecretAnswer(Envelope[Secret]):
    """A secret as it is answered. What is wrong with it is said without its value."""

    model_config = ConfigDict(hide_input_in_errors=True)
