"""Bodies of requests that endpoints read by themselves, to say what is wrong in their own words."""

from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from orquestra.engine.errors import BadRequest

ModelT = TypeVar("ModelT", bound=BaseModel)

_SHOWN_PROBLEMS = 3


def read(model: type[ModelT], body: bytes) -> ModelT:
    """What a body holds.

    Raises:
        BadRequest: It holds something else.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise BadRequest(f"The body is no {model.__name__}: {problems(error)}.") from error


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """What `openapi_extra` says of an endpoint that takes such a body.

    Its schema stands for itself: a part that it names would be looked for in the whole document.
    """
    schema = model.model_json_schema()
    written_out = _without_references(schema, parts=schema.pop("$defs", {}))
    content = {"application/json": {"schema": written_out}}
    return {"requestBody": {"required": True, "content": content}}


def problems(error: ValidationError) -> str:
    """What is wrong with a body: the first few places, each with its problem."""
    found = error.errors()
    shown = "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'document'}: {problem['msg']}"
        for problem in found[:_SHOWN_PROBLEMS]
    )
    more = len(found) - _SHOWN_PROBLEMS
    return f"{shown} (and {more} more)" if more > 0 else shown


def _without_references(schema: Any, *, parts: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_without_references(item, parts=parts) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = cast("str", schema.get("$ref", ""))
    if reference:
        return _without_references(parts[reference.rpartition("/")[2]], parts=parts)
    kept = {key: value for key, value in schema.items() if key != "discriminator"}
    return {key: _without_references(value, parts=parts) for key, value in kept.items()}
