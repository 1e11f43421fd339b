"""Reading requests for a run: what is wrong with one has a number that client 1.1.0 knows."""

import uuid

from pydantic import ValidationError

from orquestra.engine import bodies
from orquestra.engine.errors import (
    BadRequest,
    DefinitionIdMalformed,
    DefinitionIdMissing,
    NotJson,
    ResourcesRefused,
)
from orquestra.sdk.schema import api

_DEFINITION_ID = "workflowDefinitionID"
_AMOUNTS = (("resources",), ("headNodeResources",))


def read(body: bytes) -> api.CreateRun:
    """The request that a body holds.

    Raises:
        BadRequest: It holds none; the class says which part is wrong.
    """
    try:
        request = api.CreateRun.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from error
    _check_id(request.workflow_definition_id)
    return request


def _refusal(error: ValidationError) -> BadRequest:
    problems = error.errors()
    sentence = f"The body is not a request for a run: {bodies.problems(error)}."
    if problems[0]["type"] == "json_invalid":
        return NotJson(sentence)
    for problem in problems:
        if problem["loc"] == (_DEFINITION_ID,):
            missing = problem["type"] == "missing" or problem["input"] is None
            return DefinitionIdMissing(sentence) if missing else DefinitionIdMalformed(sentence)
    amounts = all(problem["loc"][:1] in _AMOUNTS for problem in problems)
    return ResourcesRefused(sentence) if amounts else BadRequest(sentence)


def _check_id(definition_id: str) -> None:
    if not definition_id:
        raise DefinitionIdMissing(
            f"The request names no workflow definition; give the id of one as {_DEFINITION_ID}."
        )
    try:
        uuid.UUID(definition_id)
    except ValueError as error:
        raise DefinitionIdMalformed(
            f"{definition_id!r} is not the id of a workflow definition, which is a UUID; take "
            "the one that the server answered when the definition was stored."
        ) from error
