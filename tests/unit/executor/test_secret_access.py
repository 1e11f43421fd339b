"""Reading secrets of a run, where it runs."""

import itertools
from dataclasses import replace
from http import HTTPStatus

import pytest

from orquestra.executor import forwarder
from orquestra.executor import secret_access as module
from orquestra.executor.protocol import Secret
from orquestra.executor.secret_access import RunSecrets, SecretProblem, read_secret
from orquestra.sdk.compute_engine.secret_store import SecretStore
from orquestra.sdk.exceptions import RemoteConnectionError

KEY = Secret("key", None, None)


def test_a_secret_is_read_with_the_token_of_the_run(keeper, access):
    keeper.secrets["api-key"] = "of ada"
    keeper.secrets["zri:v1::0:team:secret:api-key"] = "of the team"

    assert read_secret(Secret("api-key", None, None), access) == "of ada"
    assert read_secret(Secret("api-key", "team", "prod"), access) == "of the team"


@pytest.mark.parametrize(
    ("secret", "said", "command"),
    [
        (Secret("key", None, None), "'key' of the personal workspace", "orq secret set key`"),
        (Secret("key", "team", None), "'key' of the workspace 'team'", "set key -w team`"),
        (Secret("key", None, "prod"), "is not there", "orq secret set key -c prod`"),
    ],
)
def test_one_that_is_missing_is_told_with_the_way_to_set_it(access, secret, said, command):
    with pytest.raises(SecretProblem) as caught:
        read_secret(secret, access)

    assert said in str(caught.value)
    assert command in str(caught.value)


def test_a_run_that_is_over_reads_nothing(keeper, access):
    keeper.secrets["key"] = "value"
    keeper.end("run-1")

    with pytest.raises(SecretProblem, match=r"cannot be read: .*as long as the run executes"):
        read_secret(Secret("key", None, None), access)


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by pauses only."""

    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

        def pause(self, seconds):
            self.now += seconds

    made = Clock()
    monkeypatch.setattr(module, "time", made)
    monkeypatch.setattr(module, "_sleep", made.pause)
    return made


def test_an_engine_that_is_away_for_minutes_fails_nobody(keeper, access, clock, monkeypatch):
    keeper.secrets["key"] = "value"
    get = SecretStore.get

    def away_at_first(store, name):
        if clock.now < 500:
            raise RemoteConnectionError(access.uri)
        return get(store, name)

    monkeypatch.setattr(SecretStore, "get", away_at_first)

    assert read_secret(KEY, access) == "value"
    assert clock.now == 500


def test_who_hands_calls_on_may_say_that_the_engine_is_away(access, clock, keeper, monkeypatch):
    keeper.secrets["key"] = "value"
    answers = itertools.chain([HTTPStatus.SERVICE_UNAVAILABLE], itertools.repeat(None))
    ask = forwarder._Engine.answer
    monkeypatch.setattr(
        forwarder._Engine,
        "answer",
        lambda *args, **asked: (
            forwarder._refusal(status, "away") if (status := next(answers)) else ask(*args, **asked)
        ),
    )

    assert read_secret(KEY, access) == "value"
    assert clock.now == 1


def test_nobody_is_there_to_be_asked(access, clock):
    away = replace(access, uri="http://127.0.0.1:1")

    with pytest.raises(SecretProblem, match="'key' of the personal workspace cannot be read"):
        read_secret(KEY, away)

    assert clock.now > 600


def test_what_is_read_again_at_once_is_not_asked_for_again(keeper, access, clock):
    secrets = RunSecrets(access)
    keeper.secrets |= {"key": "first", "zri:v1::0:team:secret:key": "of the team"}
    assert secrets.read(KEY) == "first"

    keeper.secrets["key"] = "second"

    assert secrets.read(Secret("key", "team", None)) == "of the team"
    assert secrets.read(KEY) == "first"
    clock.now += 6
    assert secrets.read(KEY) == "second"


def test_a_missing_secret_is_asked_for_again(keeper, access):
    secrets = RunSecrets(access)
    with pytest.raises(SecretProblem):
        secrets.read(KEY)

    keeper.secrets["key"] = "set meanwhile"

    assert secrets.read(KEY) == "set meanwhile"


def test_the_secrets_of_a_workspace_share_a_client(keeper, access, monkeypatch):
    keeper.secrets |= {"key": "1", "other": "2"}
    made = []
    of_task = SecretStore.of_task
    monkeypatch.setattr(
        SecretStore, "of_task", lambda **about: made.append(about) or of_task(**about)
    )
    secrets = RunSecrets(access)

    assert [secrets.read(KEY), secrets.read(Secret("other", None, None))] == ["1", "2"]
    assert len(made) == 1


def test_a_token_of_a_run_that_is_none_is_not_to_be_renewed_by_its_user(access):
    with pytest.raises(SecretProblem, match="as long as the run executes") as caught:
        read_secret(KEY, replace(access, token="no token"))

    assert "orq login" not in str(caught.value)


def test_an_engine_of_an_older_release_gives_no_token():
    with pytest.raises(SecretProblem, match="older release"):
        read_secret(Secret("key", None, None), None)
