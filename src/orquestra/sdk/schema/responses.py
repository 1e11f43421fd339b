"""Serialised values: what a constant, a task's result or a workflow's result is on the wire.

What follows on them are words and numbers with which the command line of release 1.1 answers.
"""

from enum import IntEnum, StrEnum
from typing import Annotated, Literal

from pydantic import Field

from orquestra.sdk.schema.documents import Document


class JSONResult(Document):
    """A value as JSON text. Tuples are objects with the key `__tuple__`."""

    value: str
    serialization_format: Literal["JSON"] = "JSON"


class PickleResult(Document):
    """A value as a pickle: MIME base64 text (76 characters a line), cut into chunks."""

    chunks: list[str]
    serialization_format: Literal["ENCODED_PICKLE"] = "ENCODED_PICKLE"


WorkflowResult = Annotated[JSONResult | PickleResult, Field(discriminator="serialization_format")]


class ComputeEngineWorkflowResult(Document):
    """The outputs of a run, one entry per value that the workflow function returned."""

    results: tuple[WorkflowResult, ...]
    type: Literal["ComputeEngineWorkflowResult"] = "ComputeEngineWorkflowResult"


class ResponseFormat(StrEnum):
    """How a command writes its answer."""

    PLAIN_TEXT = "text"
    JSON = "json"

    DEFAULT = PLAIN_TEXT


class ResponseStatusCode(IntEnum):
    """How a command ended: its exit code."""

    UNKNOWN_ERROR = -1
    OK = 0
    PERMISSION_ERROR = 1
    NOT_FOUND = 2
    NOT_A_DIRECTORY = 3
    PROJECT_EXISTS = 4
    INVALID_PROJECT = 5
    INVALID_TASK_DEF = 6
    INVALID_WORKFLOW_DEF = 7
    INVALID_WORKFLOW_DEFS_SYNTAX = 8
    INVALID_WORKFLOW_RUN = 9
    WORKFLOW_RUN_NOT_FOUND = 10
    CONNECTION_ERROR = 11
    UNAUTHORIZED = 12
    SERVICES_ERROR = 13
    INVALID_CLI_COMMAND_ERROR = 14
    USER_CANCELLED = 15


class ResponseMetadata(Document):
    """Whether a command did what it was asked to, and why not."""

    success: bool
    code: ResponseStatusCode
    message: str


class ServiceResponse(Document):
    """A service of the local runtime."""

    name: str
    is_running: bool
    info: str | None
