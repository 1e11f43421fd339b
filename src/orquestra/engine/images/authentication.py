"""How a registry wants to be told who asks: its challenge, and the answer to it.

The rules are those of the distribution project's token specification and of HTTP's Basic scheme.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from orquestra.engine.errors import ImageNotReadable, RegistryError
from orquestra.engine.images.credentials import Login
from orquestra.engine.images.references import ImageReference, is_loopback

_CHALLENGE = re.compile(r"(?P<scheme>Bearer|Basic)\s+(?P<parameters>.*)", re.IGNORECASE)
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """What a registry asks for: `bearer` (a token from its realm) or `basic` (name, password)."""

    scheme: str
    parameters: Mapping[str, str]

    @classmethod
    def read(cls, headers: Sequence[str]) -> "Challenge | None":
        """The challenge of an answer with status 401, from its WWW-Authenticate headers."""
        for header in headers:
            match = _CHALLENGE.match(header)
            if match:
                parameters = dict(_PARAMETER.findall(match["parameters"]))
                return cls(scheme=match["scheme"].lower(), parameters=parameters)
        return None


def basic(login: Login) -> str:
    """An Authorization header with name and password."""
    encoded = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    return f"Basic {encoded}"


async def fetch_token(
    http: httpx.AsyncClient,
    *,
    challenge: Challenge,
    reference: ImageReference,
    login: Login | None,
) -> str:
    """An Authorization header with a token to read one repository, anonymous without a login.

    Raises:
        ImageNotReadable: The realm gives no token to this user.
        RegistryError: The realm is not one to send a password to, or it failed.
    """
    realm = challenge.parameters.get("realm", "")
    _require_safe(realm, reference=reference)
    query = {"scope": f"repository:{reference.repository}:pull"}
    if "service" in challenge.parameters:
        query["service"] = challenge.parameters["service"]
    headers = {"Authorization": basic(login)} if login else {}
    answer = await http.get(realm, params=query, headers=headers)
    if answer.status_code in {401, 403}:
        raise ImageNotReadable(f"is not readable because {realm} accepts no login of ours")
    try:
        content = answer.raise_for_status().json()
        return f"Bearer {content.get('token') or content['access_token']}"
    except (httpx.HTTPStatusError, ValueError, KeyError, AttributeError) as error:
        raise RegistryError(
            f"cannot be looked up because {realm} gave no token (status {answer.status_code})"
        ) from error


def _require_safe(realm: str, *, reference: ImageReference) -> None:
    """Passwords travel encrypted, or not beyond this machine."""
    try:
        address = urlsplit(realm)
    except ValueError:
        address = urlsplit("")
    host = address.hostname or ""
    if not host or (address.scheme != "https" and not is_loopback(host)):
        raise RegistryError(
            f"cannot be looked up because {reference.registry} sends us for a login to {realm!r}, "
            "which is not a safe address"
        )
