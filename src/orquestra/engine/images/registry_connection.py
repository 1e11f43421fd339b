"""Requests to one registry about one image: addresses, logins, limits, and what failures mean."""

import asyncio
from dataclasses import dataclass

import httpx

from orquestra.engine.errors import ImageNotReadable, NotARegistry, RegistryError
from orquestra.engine.images.authentication import Challenge, basic, fetch_token
from orquestra.engine.images.credentials import Login, Logins
from orquestra.engine.images.references import DOCKER_HUB, ImageReference, is_loopback

MAX_DOCUMENT_SIZE = 4 * 2**20
"""Most bytes of a manifest or a configuration; the distribution project's own limit."""

_HUB_ADDRESS = "registry-1.docker.io"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of a registry, read to its end."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def media_type(self) -> str:
        """Type of the body."""
        return str(self.headers.get("Content-Type", ""))


class RegistryConnection:
    """Asks one registry about one repository; an authorization, once gained, is kept.

    A registry on this machine is asked in plain HTTP, as container tools do, any other in HTTPS.
    """

    def __init__(
        self, http: httpx.AsyncClient, *, reference: ImageReference, logins: Logins
    ) -> None:
        self._http = http
        self._reference = reference
        self._logins = logins
        self._authorization: str | None = None

    async def get(self, path: str, *, accept: str, follow_redirects: bool = False) -> Answer:
        """What the registry has under a path of the repository, whatever its status but 401.

        Raises:
            ImageNotReadable: The registry wants a login that we do not have.
            RegistryError: The registry failed, or says more than it should.
            httpx.TransportError: There was no answer.
        """
        answer = await self._send(path, accept=accept, follow_redirects=follow_redirects)
        if answer.status == httpx.codes.UNAUTHORIZED and self._authorization is None:
            await self._authorize(answer)
            answer = await self._send(path, accept=accept, follow_redirects=follow_redirects)
        if answer.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise ImageNotReadable(
                f"is not readable because {self._reference.registry} does not let us read it "
                f"(status {answer.status})"
            )
        if _has_failed(answer.status):
            raise RegistryError(
                f"cannot be looked up because {self._reference.registry} failed "
                f"(status {answer.status})"
            )
        return answer

    def _address(self, path: str) -> str:
        registry = self._reference.registry
        scheme = "http" if is_loopback(self._reference.host) else "https"
        host = _HUB_ADDRESS if registry == DOCKER_HUB else registry
        return f"{scheme}://{host}/v2/{self._reference.repository}/{path}"

    async def _send(self, path: str, *, accept: str, follow_redirects: bool) -> Answer:
        headers = {"Accept": accept}
        if self._authorization:
            headers["Authorization"] = self._authorization
        request = self._http.build_request("GET", self._address(path), headers=headers)
        response = await self._http.send(request, stream=True, follow_redirects=follow_redirects)
        try:
            body = await self._read(response)
        finally:
            await response.aclose()
        return Answer(status=response.status_code, headers=response.headers, body=body)

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for part in response.aiter_bytes():
            body += part
            if len(body) > MAX_DOCUMENT_SIZE:
                raise RegistryError(
                    f"cannot be looked up because {self._reference.registry} describes it in "
                    f"more than {MAX_DOCUMENT_SIZE // 2**20} MiB"
                )
        return bytes(body)

    async def _authorize(self, answer: Answer) -> None:
        challenge = Challenge.read(answer.headers.get_list("WWW-Authenticate"))
        if challenge is None:
            raise no_registry(self._reference)
        login = await asyncio.to_thread(self._logins.find, self._reference)
        if challenge.scheme == "basic":
            self._authorization = basic(self._require(login))
            return
        self._authorization = await fetch_token(
            self._http, challenge=challenge, reference=self._reference, login=login
        )

    def _require(self, login: Login | None) -> Login:
        if login is None:
            raise ImageNotReadable(
                f"is not readable because {self._reference.registry} wants a login and the "
                "engine has none"
            )
        return login


def no_registry(reference: ImageReference) -> NotARegistry:
    """The error for an answer that no registry would give."""
    return NotARegistry(
        f"cannot be looked up because what answers at {reference.registry} is no registry"
    )


def _has_failed(status: int) -> bool:
    return status == httpx.codes.TOO_MANY_REQUESTS or httpx.codes.is_server_error(status)
