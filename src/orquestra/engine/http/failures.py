"""What is done about an exception that nobody expected: it is logged, and told without details."""

import logging
import secrets
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orquestra.engine.http import answers

logger = logging.getLogger(__name__)

_ID_BYTES = 4


class FailureAnswers:
    """Answers requests whose handling has failed; the id in the answer finds it in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            logger.debug("%s went away while it sent its body", scope.get("client"))
        except Exception as error:  # whatever it is, the client gets an answer
            if begun:
                raise  # the server breaks the connection off, so that half an answer is seen as one
            await _answer(scope, error)(scope, receive, send)


def _answer(scope: Scope, error: Exception) -> ASGIApp:
    identifier = secrets.token_hex(_ID_BYTES)
    logger.error(
        "%s %s failed (%s)",
        scope["method"],
        scope["path"],
        identifier,
        exc_info=error,
        extra={"event": "request_failed", "request_id": identifier},
    )
    return answers.failure(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The engine could not handle the request because of a fault of its own. Its administrator "
        f"finds what happened in its log, under {identifier}.",
        error="internal_error",
    )
