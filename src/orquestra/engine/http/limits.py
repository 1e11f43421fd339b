"""How large the body of a request may be."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orquestra.engine.errors import TooLarge
from orquestra.engine.http import answers

_MEBIBYTE = 2**20
MAX_BODY = 128 * _MEBIBYTE
"""Bytes. Definitions carry functions and constants within them, and are held in memory whole."""


class BodyLimit:
    """Refuses requests with larger bodies: at once where they say so, else as soon as it shows."""

    def __init__(self, app: ASGIApp, *, limit: int = MAX_BODY) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._announced(scope) > self._limit:
            await answers.of_error(self._refusal())(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _announced(self, scope: Scope) -> int:
        length = Headers(scope=scope).get("content-length", "")
        return int(length) if length.isascii() and length.isdigit() else 0

    def _counted(self, receive: Receive) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise self._refusal()
            return message

        return counted

    def _refusal(self) -> TooLarge:
        return TooLarge(
            f"The body of the request is larger than {self._limit // _MEBIBYTE} MiB. Large values "
            "in a workflow are the usual reason: let a task make or load them, instead of giving "
            "them to the workflow as constants."
        )
