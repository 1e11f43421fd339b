"""Login tokens and tokens of run clusters."""

import stat
from datetime import timedelta

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
