import pytest

from orquestra import sdk
from orquestra.sdk.call_sites import CallSite, definition_site, located, user_call_site
from orquestra.sdk.exceptions import WorkflowSyntaxError


def called_from(module, fn):
    """What a function gives when a module of that name calls it."""
    return eval("fn()", {"__name__": module, "fn": fn})


@sdk.workflow
def fit(alpha):
    return alpha


@sdk.workflow(custom_name="{beta}")
def misnamed():
    return fit


def test_the_place_is_the_users_line():
    site = user_call_site()

    assert site.path == __file__
    assert str(site).endswith("site = user_call_site()")


def test_a_module_of_another_distribution_in_the_namespace_is_the_users():
    site = called_from("orquestra.quantum.circuits", user_call_site)

    assert site.path == "<string>"


def test_the_command_line_is_no_place_to_look_at():
    assert called_from("orquestra.cli.workflow.submit", user_call_site) is None
    with pytest.raises(WorkflowSyntaxError, match=r"^\S*test_call_sites\.py:\d+: @sdk\.workflow"):
        called_from("orquestra.cli.workflow.submit", fit)
    with pytest.raises(WorkflowSyntaxError, match=r"^\S*test_call_sites\.py:\d+: @sdk\.workflow"):
        called_from("orquestra.cli.workflow.submit", misnamed)


def test_a_place_without_source_is_file_and_line():
    assert str(CallSite("gone.py", 3)) == "gone.py:3"


def test_what_is_not_written_in_python_has_no_place():
    assert definition_site(len) is None
    assert located("What happened.", at=None) == "What happened."
