"""What a check found out."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How good a finding is."""

    OK = "ok"
    NOTE = "note"
    """Fine for most uses, or for none of this machine's."""
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report: what was looked at, what is there, what to do about it."""

    subject: str
    verdict: Verdict
    text: str
    fix: str | None = None


def ok(subject: str, text: str) -> Finding:
    """Something that is as it should be."""
    return Finding(subject=subject, verdict=Verdict.OK, text=text)


def note(subject: str, text: str, *, fix: str | None = None) -> Finding:
    """Something that may be in the way of some uses."""
    return Finding(subject=subject, verdict=Verdict.NOTE, text=text, fix=fix)


def problem(subject: str, text: str, *, fix: str) -> Finding:
    """Something that has to be fixed."""
    return Finding(subject=subject, verdict=Verdict.PROBLEM, text=text, fix=fix)
