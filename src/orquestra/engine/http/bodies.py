"""Bodies of requests that endpoints read by themselves, to say what is wrong in their own words."""

import json
from typing import Any, NoReturn, TypeVar, cast

from pydantic import BaseModel, ValidationError

from orquestra.engine.errors import BadRequest, NotJson

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
        kind = NotJson if is_no_json(error) else BadRequest
        raise kind(f"The body is no {model.__name__}: {problems(error)}.") from error


def is_no_json(error: ValidationError) -> bool:
    """Whether a body could not be read at all."""
    return error.errors()[0]["type"] == "json_invalid"


def check_numbers(body: bytes) -> None:
    """Make sure that JSON which has been read holds no number that only some programs can read.

    Raises:
        NotJson: It holds `NaN`, `Infinity` or `-Infinity`, which are Python's, outside of texts.
    """
    if b"NaN" in body or b"Infinity" in body:  # mostly in texts, but who knows without reading
        json.loads(body, parse_constant=_refuse)


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


def _refuse(constant: str) -> NoReturn:
    raise NotJson(f"The body has the number {constant}, which is not JSON.")


def _without_references(schema: Any, *, parts: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_without_references(item, parts=parts) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = cast("str", schema.get("$ref", ""))
    if reference:
        return _without_references(parts[reference.rpartition("/")[2]], parts=parts)
    kinds = schema.get("discriminator", {}).get("propertyName")
    written_out = {
        key: _without_references(value, parts=parts)
        for key, value in schema.items()
        if key != "discriminator"
    }
    for kind in written_out.get("oneOf", ()) if kinds else ():
        # Each has a default for it; but which one is meant is known by it alone.
        kind["required"] = [*kind.get("required", ()), kinds]
    return written_out
