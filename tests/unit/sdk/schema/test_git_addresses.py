"""Addresses of Git repositories that are text: what git reads in them."""

import pytest
from pydantic import ValidationError

from orquestra.sdk.schema import ir


@pytest.mark.parametrize(
    ("text", "protocol", "user", "host", "port", "path", "query"),
    [
        ("https://a.org/team/tool.git", "https", None, "a.org", None, "team/tool.git", None),
        ("https://ada@a.org:8443/tool?a=b#c", "https", "ada", "a.org", 8443, "tool", "a=b#c"),
        ("HTTPS://Example.com/tool", "https", None, "Example.com", None, "tool", None),
        ("https://[::1]:80/tool", "https", None, "[::1]", 80, "tool", None),
        ("https://[::1]/tool", "https", None, "[::1]", None, "tool", None),
        ("https://example.com:/tool", "https", None, "example.com", None, "tool", None),
        ("https://example.com:8080", "https", None, "example.com", 8080, "", None),
        ("example.com/tool", "https", None, "example.com", None, "tool", None),
        ("ssh://git@example.com:22/tool", "ssh", "git", "example.com", 22, "tool", None),
        ("ssh://git@example.com:team/tool", "ssh", "git", "example.com", None, "team/tool", None),
        ("git+ssh://git@example.com/tool", "git+ssh", "git", "example.com", None, "tool", None),
        ("git@example.com:team/tool.git", "ssh", "git", "example.com", None, "team/tool.git", None),
        ("git@example.com:/srv/tool.git", "ssh", "git", "example.com", None, "srv/tool.git", None),
        ("git@example.com:2222/tool", "ssh", "git", "example.com", None, "2222/tool", None),
        ("git@[::1]:tool", "ssh", "git", "[::1]", None, "tool", None),
    ],
)  # fmt: skip
def test_an_address_is_taken_apart(text, protocol, user, host, port, path, query):
    assert ir.GitURL.model_validate(text) == ir.GitURL(
        original_url=text,
        protocol=protocol,
        user=user,
        host=host,
        port=port,
        path=path,
        query=query,
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "names no host"),
        ("/srv/tool", "names no host"),
        ("file:///srv/tool", "names no host"),
        ("https://example.com:80a/tool", "a wrong port"),
        ("https://[::1/tool", "must name a host"),
        ("https://ada:hunter2@example.com/tool", "must not hold a password"),
        ("https://ada:hunter2@example.com:80a/tool", "must not hold a password"),
        ("https://ada:hunter@2@example.com/tool", "must not hold a password"),
        ("ada:hunter2@example.com:tool", "must not hold a password"),
        ("https://ada:hunter2@example.com℀/tool", "must name a host"),
    ],
)
def test_what_is_no_address_is_refused_and_no_password_shown(text, problem):
    with pytest.raises(ValidationError, match=problem) as refused:
        ir.GitURL.model_validate(text)

    assert "hunter" not in refused.value.errors()[0]["msg"]
