"""Addresses and logins of Git repositories, as `git` takes them.

Logins reach it in its environment, and are written nowhere.

`git` asks a credential helper for a user and a password. Ours is a line of shell that is made for
one command, as are the variables that it reads. It stands in place of the helpers that the user of
the machine has: one of those might keep what it is told.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from orquestra.executor.protocol import Secret
from orquestra.executor.secret_access import named_secret
from orquestra.sdk.schema import ir

_COUNT = "GIT_CONFIG_COUNT"
_WITH_PASSWORDS = frozenset({"http", "https"})
_DEFAULT_USER = "git"
"""What release 1.1 writes before a password without a user; hosts of repositories take any."""


class GitLogin(NamedTuple):
    """Who reads a repository: `address` is that of the repository, without a user."""

    address: str
    user: str
    password: Secret


def git_address(url: ir.GitURL) -> str:
    """The address of a repository, as git reads it."""
    return _address(url, user=url.user or ("git" if _protocol(url) == "ssh" else None))


def git_login(url: ir.GitURL) -> GitLogin | None:
    """The login that goes with the address of a repository; keys of ssh are none."""
    node = url.password
    if node is None or _protocol(url) not in _WITH_PASSWORDS:
        return None
    return GitLogin(
        address=_address(url, user=None),
        user=url.user or _DEFAULT_USER,
        password=named_secret(node),
    )


def login_variables(
    logins: Sequence[tuple[GitLogin, str]], *, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Variables for `git`, and for programs that start it, by which it uses these passwords.

    A password counts for its repository, and for others on the same host that have none, such as
    submodules.
    """
    variables: dict[str, str] = {}
    for number, (login, password) in enumerate(logins):
        variables |= {
            f"ORQ_GIT_USER_{number}": login.user,
            # Files often end in a newline, passwords do not.
            f"ORQ_GIT_PASSWORD_{number}": password.strip(),
        }
    if logins:
        variables |= _configuration(list(_settings(logins)), start=int(environ.get(_COUNT) or 0))
    return variables


def _protocol(url: ir.GitURL) -> str:
    return url.protocol.removeprefix("git+")


def _address(url: ir.GitURL, *, user: str | None) -> str:
    host = f"{url.host}:{url.port}" if url.port else url.host
    return f"{_protocol(url)}://{f'{user}@' if user else ''}{host}/{url.path}"


def _settings(logins: Sequence[tuple[GitLogin, str]]) -> Iterator[tuple[str, str]]:
    # All that match count in order, so that what matches best comes last.
    hosts: set[str] = set()
    for number, (login, _) in enumerate(logins):
        host = "/".join(login.address.split("/", 3)[:3])
        if host not in hosts:
            hosts.add(host)
            yield from _helper(host, number)
    for number, (login, _) in enumerate(logins):
        yield from _helper(login.address, number)


def _helper(address: str, number: int) -> Iterator[tuple[str, str]]:
    key = f"credential.{address}.helper"
    answer = f"printf 'username=%s\\npassword=%s\\n' \"$ORQ_GIT_USER_{number}\""
    answer += f' "$ORQ_GIT_PASSWORD_{number}"'
    yield key, ""  # forget those before, the machine's own among them
    yield key, f'!f() {{ test "$1" != get || {answer}; }}; f'


def _configuration(settings: Sequence[tuple[str, str]], *, start: int) -> dict[str, str]:
    variables = {_COUNT: str(start + len(settings))}
    for number, (key, value) in enumerate(settings, start):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables
