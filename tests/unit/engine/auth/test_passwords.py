"""Passwords, and what is kept of them."""

import pytest

from orquestra.engine.auth import passwords
from orquestra.engine.auth.passwords import check_password, is_password, password_hash
from orquestra.engine.errors import BadRequest


@pytest.fixture(scope="module")
def kept():
    return password_hash("correct horse")


def test_only_the_password_itself_fits(kept):
    assert is_password("correct horse", kept)
    assert not is_password("Correct horse", kept)
    assert not is_password("", kept)


def test_nothing_fits_where_nothing_is_kept():
    assert not is_password("", None)


def test_the_same_password_is_kept_differently_each_time(kept):
    assert password_hash("correct horse") != kept


def test_what_is_kept_says_how_it_was_made(kept, monkeypatch):
    monkeypatch.setattr(passwords, "_LOG2_N", 10)

    assert kept.startswith("scrypt$15$8$1$")
    assert is_password("correct horse", kept)
    assert password_hash("correct horse").startswith("scrypt$10$")


def test_an_accented_letter_is_the_same_however_it_is_typed():
    assert is_password("pass\u0065\u0301e-partout", password_hash("pass\u00e9e-partout"))


@pytest.mark.parametrize("password", ["", "1234567", "a" * 1025])
def test_a_password_has_a_sensible_length(password):
    with pytest.raises(BadRequest, match="8 to 1024 characters"):
        check_password(password)


def test_a_lone_surrogate_is_a_wrong_password_and_no_failure(kept):
    assert not is_password("\ud800orrect horse", kept)
