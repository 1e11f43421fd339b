"""What the environment of a platform says: which cluster this is, and the token to use in it.

Inside of a platform, that is in tasks on a Compute Engine and in notebooks beside it, programs
need no login of their own: a file holds a token, which may be renewed at any time.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

TOKEN_FILE_VARIABLE = "ORQUESTRA_PASSPORT_FILE"  # noqa: S105 - a variable's name
CLUSTER_VARIABLE = "ORQ_CURRENT_CLUSTER"
WORKSPACE_VARIABLE = "ORQ_CURRENT_WORKSPACE"
PROJECT_VARIABLE = "ORQ_CURRENT_PROJECT"
USER_VARIABLE = "ORQ_CURRENT_USER"

SECRETS_URI_VARIABLE = "ORQ_SECRETS_URI"
"""Where a task of the local runtime finds secrets. It has no platform around it, so that the
configurations that its program names mean what they mean outside of a task."""
SECRETS_TOKEN_FILE_VARIABLE = "ORQ_SECRETS_TOKEN_FILE"  # noqa: S105

PLATFORM_SECRETS_URI = "http://config-service.config-service:8099"
"""Where a platform keeps the secrets of the programs in it."""


@dataclass(frozen=True, kw_only=True)
class SecretsLogin:
    """Where a task asks for secrets, with which token."""

    uri: str
    token: str = field(repr=False)


def secrets_login() -> SecretsLogin | None:
    """Where this program asks for secrets without a configuration; None outside of tasks.

    Raises:
        FileNotFoundError: the file of the token is not there.
    """
    uri, path = os.environ.get(SECRETS_URI_VARIABLE), os.environ.get(SECRETS_TOKEN_FILE_VARIABLE)
    if uri and path:
        return SecretsLogin(uri=uri, token=_read(path, variable=SECRETS_TOKEN_FILE_VARIABLE))
    if has_platform_token():
        return SecretsLogin(uri=PLATFORM_SECRETS_URI, token=platform_token())
    return None


def has_platform_token() -> bool:
    """Whether a platform has given a token to this program."""
    return bool(os.environ.get(TOKEN_FILE_VARIABLE))


def platform_token() -> str:
    """The token that the platform has given, as it is at this moment.

    Raises:
        OSError: the platform has given none.
        FileNotFoundError: its file is not there.
    """
    path = os.environ.get(TOKEN_FILE_VARIABLE)
    if not path:
        raise _missing(TOKEN_FILE_VARIABLE)
    return _read(path, variable=TOKEN_FILE_VARIABLE)


def cluster_host() -> str | None:
    """The host name of the cluster that this program runs in; None where it runs in none."""
    value = os.environ.get(CLUSTER_VARIABLE, "")
    return value.rpartition("://")[2].rstrip("/") or None


def cluster_uri() -> str:
    """The address of the cluster that this program runs in.

    Raises:
        OSError: it runs in none.
    """
    if cluster_host() is None:
        raise _missing(CLUSTER_VARIABLE)
    value = os.environ[CLUSTER_VARIABLE].rstrip("/")
    return value if "://" in value else f"https://{value}"


def required_variable(name: str) -> str:
    """The value of a variable that a platform sets.

    Raises:
        OSError: it is not set.
    """
    value = os.environ.get(name)
    if not value:
        raise _missing(name)
    return value


def _read(path: str, *, variable: str) -> str:
    try:
        return Path(path).read_text().strip()
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{variable} says that a login token is in {path}, but there is no such file. Correct "
            "the variable, or unset it and log in with `orq login`."
        ) from error


def _missing(name: str) -> OSError:
    return OSError(
        f"The environment variable {name} is not set. A platform sets it for the programs in it; "
        "on your own machine, log in with `orq login` and give the name of the configuration."
    )
