"""Times as the HTTP API writes them: RFC 3339, UTC, microseconds, `Z`."""

from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """A zone-aware time as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
