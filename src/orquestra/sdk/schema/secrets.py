"""Bodies of the HTTP API of secrets, those of the published client 1.1.0."""

from pydantic import Field

from orquestra.sdk.schema.api import Body


class NewSecret(Body):
    """A secret that is to be there; without a resource group it is in the personal workspace."""

    name: str
    value: str = Field(repr=False)
    resource_group: str | None = None


class SecretValue(Body):
    """A new value of a secret that is there."""

    value: str = Field(repr=False)


class SecretName(Body):
    """A secret as lists show it."""

    name: str


class SecretDetails(Body):
    """A secret with its value."""

    name: str
    value: str = Field(repr=False)


class Secret(Body):
    """What is told of one secret."""

    details: SecretDetails
