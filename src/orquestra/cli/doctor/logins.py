"""The file of saved logins, and the Compute Engines that they are of."""

import stat
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial

import httpx
import pydantic
from packaging.version import InvalidVersion, Version

from orquestra.cli.doctor.findings import Finding, note, ok, problem
from orquestra.cli.login.listing import expiry
from orquestra.sdk.configuration.config import saved_logins
from orquestra.sdk.configuration.config_file import (
    config_path,
    read_configs,
    text_option,
    why_unreadable,
)
from orquestra.sdk.configuration.config_names import RESERVED_NAMES
from orquestra.sdk.configuration.tokens import token_problem
from orquestra.sdk.exceptions import RuntimeConfigError
from orquestra.sdk.packaging import get_installed_version
from orquestra.sdk.schema.configs import (
    CONFIG_FILE_CURRENT_VERSION,
    RuntimeConfiguration,
    RuntimeConfigurationFile,
    RuntimeName,
)
from orquestra.sdk.versions import SDK_DISTRIBUTION

_ANSWER_LIMIT = timedelta(seconds=5)
_SOON = timedelta(days=3)
_CLOCK_TOLERANCE = timedelta(seconds=60)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ASKED = "/api/catalog/workspaces"
_UNREADABLE = "Repair the file, or move it away and log in again."


def check_file() -> Sequence[Finding]:
    """Whether the file of logins can be read, by its owner only."""
    subject, path = "Saved logins", config_path()
    if not path.exists():
        return [note(subject, f"none yet, in {path}", fix="orq login -s <server>")]
    try:
        content = RuntimeConfigurationFile.model_validate_json(path.read_bytes())
    except (OSError, pydantic.ValidationError) as error:
        text = f"{path} cannot be read: {why_unreadable(error)}"
        return [problem(subject, text, fix=_UNREADABLE)]
    found = [ok(subject, f"{len(content.configs)} in {path}")]
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        text = f"other users of this machine may read the tokens in {path} (mode {mode:o})"
        found.append(problem(subject, text, fix=f"chmod 600 {path}"))
    if content.version != CONFIG_FILE_CURRENT_VERSION:
        text = f"{path} has the format {content.version}, which this release may misunderstand"
        found.append(note(subject, text, fix="Log in again where a login does not work."))
    return found


def checks(*, only: str | None) -> Mapping[str, Callable[[], Sequence[Finding]]]:
    """A check for each saved login of a Compute Engine, or for one, whatever it is of."""
    try:
        saved = saved_logins() if only is None else read_configs()
    except RuntimeConfigError:  # which is told by the check of the file
        return {}
    return {
        f"Login {name}": partial(check, name, entry)
        for name, entry in saved.items()
        if only in {None, name}
    }


def check(name: str, entry: RuntimeConfiguration) -> Sequence[Finding]:
    """Whether a login still holds, and its engine answers and fits to this release."""
    subject = f"Login {name}"
    if entry.runtime_name != RuntimeName.CE_REMOTE:
        text = f"is of the kind {entry.runtime_name}: not checked, only Compute Engines are"
        return [note(subject, text)]
    uri, token = (text_option(entry, option) for option in ("uri", "token"))
    renew = f"orq login -c {name}"
    if name in RESERVED_NAMES:
        text = f"is never used: the name {name!r} means no saved login"
        fix = f"orq login -s {uri or '<server>'} --name <another name>"
        return [problem(subject, text, fix=fix)]
    if not uri:
        return [problem(subject, "has no address", fix=f"orq login -s <server> --name {name}")]
    try:
        with httpx.Client(base_url=uri, timeout=_ANSWER_LIMIT.total_seconds()) as http:
            answer = http.get(_ASKED, headers={"Authorization": f"Bearer {token}"})
            version = _version(http)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        text = f"{uri} cannot be reached: {error or type(error).__name__}"
        fix = "Check the address, the network, proxies, and that the engine runs."
        return [*_token(subject, token, renew=renew), problem(subject, text, fix=fix)]
    return [
        *_token(subject, token, renew=renew),
        *_answer(subject, answer, uri=uri, renew=renew),
        *_clock(subject, answer),
        *_versions(subject, version),
    ]


def _token(subject: str, token: str, *, renew: str) -> Sequence[Finding]:
    wrong = token_problem(token)
    if wrong is not None:
        return [problem(subject, f"its token {wrong}", fix=renew)]
    end = expiry(token)
    if end is not None and end - datetime.now(UTC) < _SOON:
        return [note(subject, f"its token expires {end.astimezone().ctime()}", fix=renew)]
    return []


def _answer(subject: str, answer: httpx.Response, *, uri: str, renew: str) -> Sequence[Finding]:
    if answer.is_success:
        return [ok(subject, f"{uri} accepts it")]
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return [problem(subject, f"{uri} does not accept it", fix=renew)]
    text = f"{uri} answered {answer.status_code} {answer.reason_phrase} to {_ASKED}"
    fix = "Check that the address is that of a Compute Engine, at the root of its host."
    return [problem(subject, text, fix=fix)]


def _clock(subject: str, answer: httpx.Response) -> Sequence[Finding]:
    try:
        skew = datetime.now(UTC) - parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError, TypeError):
        return []
    if abs(skew) <= _CLOCK_TOLERANCE:
        return []
    side = "ahead of" if skew > timedelta(0) else "behind"
    text = f"this machine's clock is {abs(skew).total_seconds():.0f} s {side} the engine's"
    return [problem(subject, text, fix="Set the clock, for example by NTP: tokens have times.")]


def _version(http: httpx.Client) -> str | None:
    """The release of the engine; None where it does not say it."""
    answer = http.get("/openapi.json")
    try:
        return str(answer.json()["info"]["version"]) if answer.is_success else None
    except (ValueError, KeyError, TypeError):
        return None


def _versions(subject: str, engine: str | None) -> Sequence[Finding]:
    try:
        theirs, ours = Version(engine or ""), Version(get_installed_version(SDK_DISTRIBUTION))
    except InvalidVersion:
        return [note(subject, "its engine does not say which release it is")]
    if theirs.major == ours.major:
        return [ok(subject, f"its engine is release {theirs}")]
    text = f"its engine is release {theirs}, this is {ours}: they may misunderstand each other"
    fix = f'pip install "{SDK_DISTRIBUTION}=={theirs}"'
    return [problem(subject, text, fix=fix)]
