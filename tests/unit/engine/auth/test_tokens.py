"""Login tokens and tokens of run clusters."""

import stat
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from orquestra.engine.auth.keys import SecretKey
from orquestra.engine.auth.tokens import Tokens
from orquestra.engine.errors import Forbidden, Unauthorized


@pytest.fixture
def tokens(tmp_path):
    return Tokens(SecretKey.load(tmp_path))


def test_a_login_token_names_its_user(tokens):
    assert tokens.read(tokens.issue("ada@example.com")).user == "ada@example.com"


def test_the_key_is_made_once_and_closed_to_others(tmp_path):
    first = Tokens(SecretKey.load(tmp_path)).issue("ada")

    assert Tokens(SecretKey.load(tmp_path)).read(first).user == "ada"
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_an_expired_token_is_refused_with_the_way_out(tokens):
    token = tokens.issue("ada", lifetime=timedelta(seconds=-1))

    with pytest.raises(Unauthorized, match="orq login"):
        tokens.read(token)


@pytest.mark.parametrize("token", ["", "nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ."])
def test_a_token_of_nobody_is_refused(tokens, token):
    with pytest.raises(Unauthorized):
        tokens.read(token)


def test_a_token_of_another_engine_is_refused(tokens, tmp_path):
    (tmp_path / "other").mkdir()
    other = Tokens(SecretKey.load(tmp_path / "other"))

    with pytest.raises(Unauthorized):
        tokens.read(other.issue("ada"))


def test_the_token_of_a_run_cluster_opens_that_one_only(tokens):
    tokens.check_cluster("c-1", tokens.of_cluster("c-1"))

    with pytest.raises(Forbidden):
        tokens.check_cluster("c-2", tokens.of_cluster("c-1"))


def test_the_tokens_of_a_run_cluster_differ_by_purpose(tokens):
    assert tokens.of_cluster("c-1") != tokens.of_ray("c-1")


def test_a_token_has_an_id_of_its_own_and_the_exact_time_it_was_issued(tokens):
    before = datetime.now(UTC)

    first, second = (tokens.read(tokens.issue("ada")) for _ in range(2))

    assert first.id != second.id
    assert before <= first.issued_at <= datetime.now(UTC)


def test_a_clock_that_was_set_back_logs_nobody_out(tokens):
    started_at = datetime.now(UTC) + timedelta(hours=1)

    token = tokens.of_run("r-1", owner="ada", created_at=started_at)

    assert tokens.read(token).issued_at == started_at


def test_the_token_of_a_run_is_always_the_same_and_names_it(tokens):
    at = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
    first, second = (tokens.of_run("r-1", owner="ada", created_at=at) for _ in range(2))

    assert first == second
    claims = tokens.read(first)
    assert (claims.user, claims.run_id, claims.expires_at) == ("ada", "r-1", None)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "ada", "iat": 1},
        {"sub": "ada", "exp": 4102444800},
        {"iat": 1, "exp": 4102444800},
        {"sub": ["ada"], "iat": 1, "exp": 4102444800},
        {"sub": "ada", "iat": 1, "jti": 7, "exp": 4102444800},
    ],
)
def test_a_token_that_does_not_say_what_ours_say_is_refused(tokens, claims):
    with pytest.raises(Unauthorized):
        tokens.read(jwt.encode(claims, tokens._signing_key, algorithm="HS256"))


def test_a_token_from_before_tokens_had_ids_still_counts(tokens):
    claims = {"sub": "ada", "iat": 1795383287, "exp": 4102444800}

    read = tokens.read(jwt.encode(claims, tokens._signing_key, algorithm="HS256"))

    assert (read.user, read.id) == ("ada", "")
