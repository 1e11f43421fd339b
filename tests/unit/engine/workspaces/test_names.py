"""Ids of workspaces, and what they are called on the wire."""

import pytest

from orquestra.engine.errors import BadRequest
from orquestra.engine.workspaces.names import check_id, namespace, workspace_of


@pytest.mark.parametrize(
    "identifier",
    [
        "ws-a",
        "ada@example.com",
        "cluster/ada@example.com",
        "a:b",
        "Zürich",
        "x" * 200,
        "...",
        "a'b",
    ],
)
def test_an_id_may_hold_what_paths_can_carry(identifier):
    check_id(identifier, noun="workspace")


@pytest.mark.parametrize(
    "identifier",
    [
        "", "x" * 201, " a", "a ", "a\tb", "a\u00a0b", "a\n",
        "a\x00b", "a\u200bb", "a\ud800", "a?b", "a#b", "50%",
        "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b",
    ],
)  # fmt: skip
def test_an_id_may_hold_nothing_that_paths_lose_or_nobody_sees(identifier):
    with pytest.raises(BadRequest, match="workspace"):
        check_id(identifier, noun="workspace")


@pytest.mark.parametrize("identifier", ["ws-a", "cluster/ada@example.com", "a:b"])
def test_a_resource_name_holds_the_id_of_a_workspace(identifier):
    assert workspace_of(f"zri:v1::0:system:resource_group:{identifier}") == identifier


@pytest.mark.parametrize(
    "name", ["", "ws-a", "zri:v1::0:system:resource_group:", "zri:v1::0:system:project:p", "zri"]
)
def test_what_is_no_resource_name_is_refused_with_how_one_looks(name):
    with pytest.raises(BadRequest, match="zri:v1::0:system:resource_group:<workspace id>"):
        workspace_of(name)


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("ws-a", "ws-0-3aws-2da"),
        ("jane.doe@example.com", "ws-0-3ajane-2edoe-40example-2ecom"),
        ("ü", "ws-0-3a-c3-bc"),
    ],
)
def test_a_namespace_has_letters_digits_and_dashes_only(identifier, expected):
    assert namespace(identifier) == expected
