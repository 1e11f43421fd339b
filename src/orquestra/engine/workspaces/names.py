"""Ids of users, workspaces and projects, and their resource names (ZRI) on the wire."""

import re
import unicodedata

from orquestra.engine.errors import BadRequest
from orquestra.sdk.schema import paths

_LONGEST = 200
_FORBIDDEN = "?#%"
_RESOURCE = "zri:v1::0:system:resource_group:"


def check_id(text: str, *, noun: str) -> None:
    """Make sure that a text may be an id: clients put it into the paths of requests as it is.

    Raises:
        BadRequest: It may not.
    """
    odd = [letter for letter in text if letter in _FORBIDDEN or not _is_visible(letter)]
    if odd:
        raise BadRequest(f"The {noun} {text!r} must not have {odd[0]!r} in it.")
    if text != text.strip():
        raise BadRequest(f"The {noun} {text!r} must not begin or end with a space.")
    if not 0 < len(text) <= _LONGEST:
        raise BadRequest(f"The id of a {noun} has 1 to {_LONGEST} characters.")
    if not paths.is_plain(text):
        raise BadRequest(f"The {noun} {text!r} has an empty part, '.' or '..' between slashes.")


def workspace_of(resource_name: str) -> str:
    """The id of the workspace that a resource name stands for.

    Raises:
        BadRequest: It is the resource name of no workspace.
    """
    workspace_id = resource_name.removeprefix(_RESOURCE)
    if workspace_id in {"", resource_name}:
        raise BadRequest(
            f"{resource_name!r} is the resource name of no workspace. One is "
            f"{_RESOURCE}<workspace id>."
        )
    return workspace_id


def namespace(workspace_id: str) -> str:
    """The namespace of a workspace: its id in letters and digits, all else in hexadecimal."""
    plain = re.sub(r"[^a-zA-Z0-9]", _hexadecimal, f"0:{workspace_id}")
    return f"ws-{plain}"


def _hexadecimal(match: re.Match[str]) -> str:
    return "".join(f"-{byte:02x}" for byte in match[0].encode(errors="surrogatepass"))


def _is_visible(letter: str) -> bool:
    # Operating systems have users with spaces in their names.
    return letter == " " or not (letter.isspace() or unicodedata.category(letter)[0] == "C")
