import time

import pytest

from orquestra.sdk.configuration.tokens import check_token, read_claims, token_problem
from orquestra.sdk.exceptions import ExpiredTokenError, InvalidTokenError


def test_a_token_without_or_before_its_expiry_is_good(make_token):
    check_token(make_token({}))
    check_token(make_token({"exp": time.time() + 60}))


def test_a_token_says_who_it_is_for(make_token):
    assert read_claims(make_token({"email": "ada@example.com"})) == {"email": "ada@example.com"}


def test_an_expired_token_is_told(make_token):
    with pytest.raises(ExpiredTokenError, match="Log in again"):
        check_token(make_token({"exp": time.time() - 1}))


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "e30.W10.", "e30.e30.!", "ä.ö.ü"])
def test_what_is_no_token_is_told(token):
    with pytest.raises(InvalidTokenError, match=r"not a JWT[a-z ,:]*\. "):
        check_token(token)


def test_an_expiry_that_is_no_time_is_told(make_token):
    with pytest.raises(InvalidTokenError, match="expiry"):
        check_token(make_token({"exp": "tomorrow"}))


@pytest.mark.parametrize(("lasts", "problem"), [(60, None), (-1, "has expired")])
def test_what_is_wrong_with_a_token_is_told_in_words(make_token, lasts, problem):
    assert token_problem(make_token({"exp": time.time() + lasts})) == problem
    assert token_problem("secret") == "is not valid"
