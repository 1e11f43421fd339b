"""How often passwords may be tried, and how soon again."""

from datetime import UTC, datetime, timedelta

import pytest

from orquestra.engine.errors import TooManyAttempts
from orquestra.engine.login import attempts
from orquestra.engine.login.attempts import PER_ADDRESS, PER_USER, LoginAttempts


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, duration: timedelta) -> None:
        self.now += duration


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def tried(watch):
    return LoginAttempts(watch)


def wrong(tried, times: int, *, user: str = "ada", address: str = "10.0.0.1") -> None:
    for _ in range(times):
        tried.begin(user, address=address)


def test_after_many_wrong_ones_an_address_waits_until_one_is_forgiven(tried, watch):
    wrong(tried, PER_ADDRESS.at_once)

    with pytest.raises(TooManyAttempts, match=r"Try again in 10 seconds\.") as refused:
        tried.begin("ada", address="10.0.0.1")
    assert refused.value.retry_after == PER_ADDRESS.interval

    watch.pass_(PER_ADDRESS.interval)
    wrong(tried, 1)
    with pytest.raises(TooManyAttempts):
        tried.begin("ada", address="10.0.0.1")


def test_trying_while_it_is_refused_makes_nothing_longer(tried, watch):
    wrong(tried, PER_ADDRESS.at_once)
    for _ in range(100):
        with pytest.raises(TooManyAttempts):
            tried.begin("ada", address="10.0.0.1")

    watch.pass_(PER_ADDRESS.interval)

    wrong(tried, 1)


def test_whoever_succeeds_never_waits(tried):
    for _ in range(200):
        tried.begin("ada", address="10.0.0.1")
        tried.succeeded("ada", address="10.0.0.1")


def test_from_one_address_nobody_can_lock_a_user_out(tried, watch):
    for _ in range(1000):
        try:
            tried.begin("ada", address="10.6.6.6")
        except TooManyAttempts as refused:
            watch.pass_(refused.retry_after)
            tried.begin("ada", address="10.6.6.6")
        tried.begin("ada", address="10.0.0.1")
        tried.succeeded("ada", address="10.0.0.1")


def test_from_many_addresses_a_user_is_locked_for_seconds_only(tried):
    for number in range(PER_USER.at_once):
        wrong(tried, 1, address=f"10.0.{number}.1")

    with pytest.raises(TooManyAttempts) as refused:
        tried.begin("ada", address="10.0.0.1")
    assert refused.value.retry_after == PER_USER.interval
    wrong(tried, 1, user="eve", address="10.0.0.1")


def test_an_ipv6_network_counts_as_one_address(tried):
    for number in range(PER_ADDRESS.at_once):
        wrong(tried, 1, user=f"user {number}", address=f"2001:db8::{number + 1}")

    with pytest.raises(TooManyAttempts):
        tried.begin("ada", address="2001:db8::ffff")
    wrong(tried, 1, address="2001:db8:1::1")


def test_all_is_forgiven_after_a_while(tried, watch):
    wrong(tried, PER_ADDRESS.at_once)

    watch.pass_(PER_ADDRESS.interval * PER_ADDRESS.at_once)

    wrong(tried, PER_ADDRESS.at_once)


def test_it_remembers_no_more_names_than_fit_and_none_in_full_length(tried, monkeypatch):
    monkeypatch.setattr(attempts, "_MOST_KEYS", 10)

    for number in range(50):
        wrong(tried, 1, user=f"{number}" + "x" * 10_000, address=f"10.0.{number}.1")

    for tally in (tried._of_users, tried._of_addresses):
        assert len(tally.until) == 10
        assert max(map(len, tally.until)) <= 200
