"""Times as the HTTP API writes them: RFC 3339, UTC, microseconds, `Z`."""

from datetime import UTC, datetime

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


def timestamp(moment: datetime) -> str:
    """A zone-aware time as text."""
    return moment.astimezone(UTC).strftime(_FORM)


def read_timestamp(text: str) -> datetime:
    """The time that `timestamp` wrote; raises `ValueError` for any other text."""
    return datetime.strptime(text, _FORM).replace(tzinfo=UTC)
