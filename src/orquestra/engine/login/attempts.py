"""How often passwords may be tried."""

import asyncio
import ipaddress
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orquestra.engine.clock import Clock
from orquestra.engine.errors import TooManyAttempts

_MOST_KEYS = 10_000
_LONGEST_KEY = 200
_AT_ONCE = 2
_IPV6_NETWORK = 64
"""Bits that one household or machine has to itself: it may change its address within."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """So many wrong attempts at once; each is forgiven after `interval`, one after another."""

    at_once: int
    interval: timedelta


PER_ADDRESS = Limit(at_once=20, interval=timedelta(seconds=10))
PER_USER = Limit(at_once=50, interval=timedelta(seconds=3))
"""Looser than that of an address: from one alone, nobody can use up the attempts of a user."""


@dataclass(frozen=True, kw_only=True)
class _Tally:
    """The wrong attempts of each key. All of one's are forgiven at `until`."""

    limit: Limit
    until: dict[str, datetime] = field(default_factory=dict)

    def wait(self, key: str, *, now: datetime) -> timedelta:
        """How long until the next attempt; negative if it may be made now."""
        window = self.limit.interval * (self.limit.at_once - 1)
        return self.until.get(key, now) - window - now

    def count(self, key: str, *, now: datetime) -> None:
        """Note a wrong attempt."""
        # The one that changed last is the last; whoever is in the way then has long been quiet.
        until = max(self.until.pop(key, now), now)
        self.until[key] = until + self.limit.interval
        if len(self.until) > _MOST_KEYS:
            del self.until[next(iter(self.until))]

    def forgive(self, key: str) -> None:
        """Take back one."""
        if key in self.until:
            self.until[key] -= self.limit.interval


class LoginAttempts:
    """The wrong attempts of late, by user and by address, in memory.

    `turn` is held while a password is compared: it takes much of the machine, on purpose.
    """

    def __init__(self, clock: Clock) -> None:
        self.turn = asyncio.Semaphore(_AT_ONCE)
        self._clock = clock
        self._of_addresses = _Tally(limit=PER_ADDRESS)
        self._of_users = _Tally(limit=PER_USER)

    def begin(self, user: str, *, address: str) -> None:
        """Count an attempt, before it is known whether it succeeds: many may come at once.

        Raises:
            TooManyAttempts: It has to wait.
        """
        now = self._clock()
        tallies = self._tallies(user, address=address)
        wait = max(tally.wait(key, now=now) for tally, key in tallies)
        if wait > timedelta(0):
            seconds = math.ceil(wait.total_seconds())
            raise TooManyAttempts(
                f"Too many wrong passwords were tried. Try again in {seconds} seconds.",
                retry_after=timedelta(seconds=seconds),
            )
        for tally, key in tallies:
            tally.count(key, now=now)

    def succeeded(self, user: str, *, address: str) -> None:
        """Take back what `begin` has counted."""
        for tally, key in self._tallies(user, address=address):
            tally.forgive(key)

    def _tallies(self, user: str, *, address: str) -> tuple[tuple[_Tally, str], ...]:
        return (
            (self._of_addresses, _network(address)),
            (self._of_users, user[:_LONGEST_KEY]),
        )


def _network(address: str) -> str:
    """Whom an address stands for."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address  # a test's client, or one behind a proxy of its own ideas
    if known.version == 4:  # noqa: PLR2004 - the protocol's name
        return address
    return str(ipaddress.ip_network((known, _IPV6_NETWORK), strict=False))
