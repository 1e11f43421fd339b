"""What is answered to a request that fails: always the same body, `api.Error`."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from orquestra.engine.errors import BadRequest, EngineError, Unauthorized
from orquestra.sdk.schema import api

logger = logging.getLogger(__name__)


def of_error(error: EngineError) -> Response:
    """The answer to a request that the engine refuses, or cannot fulfil for a known reason."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning(
            "a request failed: %s", error, extra={"event": "request_failed", "error": error.code}
        )
    return failure(
        error.status,
        str(error),
        code=error.wire_code if isinstance(error, BadRequest) else None,
        error=error.code,
        headers={"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else None,
    )


def failure(
    status: int,
    detail: str,
    *,
    error: str,
    code: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer of an HTTP status; `detail` says what happened and what to do."""
    body = api.Error(code=code, message=HTTPStatus(status).phrase, detail=detail, error=error)
    content = body.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status_code=status, headers=headers)
