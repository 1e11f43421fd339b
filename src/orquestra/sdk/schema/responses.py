"""Serialised values: what a constant, a task's result or a workflow's result is on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from orquestra.sdk.schema.ir import Document


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
