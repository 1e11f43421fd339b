"""Arguments of workflows, as they are typed."""

from typing import TYPE_CHECKING, Annotated, Optional

import click
import pytest

from orquestra import sdk
from orquestra.cli.failures import Failure
from orquestra.cli.workflow.parameters import bind

if TYPE_CHECKING:
    from typing import Union


@sdk.workflow
def untyped(a, b=2):
    return a


@sdk.workflow
def typed(count: int, rate: float, quick: bool, name: str, late: "int" = 0, sizes: list[int] = ()):
    return count


@sdk.workflow
def unusual(first, /, *rest, **options):
    return first


@sdk.workflow
def positional(a, b=2, c=3, /, d: None = None):
    return a


@sdk.workflow
def partly_known(
    mode: "NoSuchName" = None,  # noqa: F821 - what is tested
    count: "int" = 3,
    name: "str | None" = None,
    late: "Union[int, None]" = None,  # noqa: UP007 - for type checkers only
):
    return mode


@sdk.workflow
def optional(
    count: int | None = 0,
    rate: Optional[float] = 0.0,  # noqa: UP045 - what is tested
    quick: "bool | None" = False,
    name: "str | None" = "",
    nested: Optional["int"] = 0,
    marked: Annotated[int, ["not hashable"]] = 0,
    listed: [int] = 0,
    mixed: "int | str | None" = 0,
    *,
    many: dict | None = None,
    some: Optional[list[int]] = None,  # noqa: UP045 - what is tested
):
    return count


@sdk.workflow
def without():
    return 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", 1),
        ("a=0.5", 0.5),
        ("a=[1, 2]", [1, 2]),
        ('a={"x": null}', {"x": None}),
        ("a=true", True),
        ('a="1"', "1"),
        ("a=word", "word"),
        ("a=x=y", "x=y"),
        ("a=", ""),
    ],
)
def test_without_an_annotation_a_value_is_json_or_else_a_text(text, value):
    assert bind(untyped, [text]).arguments == {"a": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count=-3", -3),
        ("rate=2", 2.0),
        ("rate=1e-3", 0.001),
        ("quick=yes", True),
        ("quick=False", False),
        ("name=7", "7"),
        ("name=null", "null"),
        ("late=7", 7),
        ("sizes=[1]", [1]),
    ],
)
def test_a_value_has_the_type_of_its_annotation(text, value):
    given = {"count": "1", "rate": "1", "quick": "no", "name": "x"}
    name, _, typed_text = text.partition("=")
    texts = [f"{key}={each}" for key, each in (given | {name: typed_text}).items()]

    found = bind(typed, texts).arguments[name]

    assert found == value
    assert type(found) is type(value)


def test_parameters_of_every_kind_can_be_given():
    bound = bind(unusual, ["first=1", "any=2", "rest=3", "options=4"])

    assert bound.args == (1,)
    assert bound.kwargs == {"any": 2, "rest": 3, "options": 4}


def test_a_value_for_a_later_positional_parameter_goes_to_no_earlier_one():
    assert bind(positional, ["a=1", "c=7"]).args == (1, 2, 7)
    assert bind(positional, ["a=1"]).args == (1,)


def test_a_parameter_may_have_the_annotation_none():
    assert bind(positional, ["a=1", "d=null"]).kwargs == {"d": None}


def test_an_annotation_that_means_nothing_is_no_obstacle_for_the_others():
    texts = ["mode=1", "count=3", "name=12", "late=5"]

    assert bind(partly_known, texts).arguments == {
        "mode": 1,
        "count": 3,
        "name": "12",
        "late": 5,
    }
    for text in ("count=many", "late=soon"):
        with pytest.raises(Failure, match="that is no whole number"):
            bind(partly_known, [text])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count=12", 12),
        ("count=null", None),
        ("rate=2", 2.0),
        ("rate=None", None),
        ("quick=no", False),
        ("quick=null", None),
        ("name=12", "12"),
        ("name=None", None),
        ("name=none", "none"),
        ("nested=7", 7),
        ("marked=7", 7),
        ("listed=[7]", [7]),
        ("mixed=7", 7),
        ("mixed=word", "word"),
        ("mixed=None", None),
        ("many=None", None),
        ("many={}", {}),
        ("some=null", None),
    ],
)
def test_a_value_that_may_be_none_has_the_other_type_of_its_annotation(text, value):
    name, *_ = text.partition("=")

    found = bind(optional, [text]).arguments[name]

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("workflow", "texts", "problem", "hint"),
    [
        (untyped, ["b=1"], "needs more: a", "add --param a=…"),
        (typed, ["count=1", "rate=1"], "needs more: quick, name", "--param quick=… --param name=…"),
        (positional, ["c=1"], "needs more: a", "add --param a=…"),
        (untyped, ["a=1", "c=1"], "has no parameter 'c'", None),
        (typed, ["count=few"], "cannot have count='few': that is no whole number", None),
        (typed, ["rate=fast"], "that is no number", None),
        (typed, ["quick=maybe"], "that is neither true nor false", None),
        (optional, ["count=abc"], "cannot have count='abc': that is no whole number", None),
        (typed, [f"count=-{'1' * 5000}"], "that has too many digits", None),
        (untyped, [f"a={'1' * 5000}"], "that has too many digits", None),
        (typed, ["rate=1e400"], "that is too large for a float", None),
        (untyped, ["a=[-1e400]"], "that is too large for a float", None),
        (untyped, [f"a={'[' * 100_000}"], f"cannot have a='{'[' * 60}…': that is nested", None),
        (without, ["a=1"], "has no parameter 'a'", "it needs no --param"),
    ],
)
def test_what_does_not_fit_is_told_with_the_parameters(workflow, texts, problem, hint):
    with pytest.raises(Failure) as caught:
        bind(workflow, texts)

    assert caught.value.exit_code == 8
    assert problem in caught.value.message
    assert (hint is None) is (caught.value.hint is None)
    assert (hint or "") in (caught.value.hint or "")


def test_the_parameters_are_listed_with_their_types_and_defaults():
    with pytest.raises(Failure) as caught:
        bind(typed, [])

    assert "    count: int" in caught.value.details
    assert "    late: int = 0" in caught.value.details


def test_infinity_is_a_number_where_it_is_written_so():
    assert bind(untyped, ["a=-Infinity"]).arguments == {"a": float("-inf")}
    assert bind(optional, ["rate=inf"]).arguments == {"rate": float("inf")}


def test_of_a_long_value_a_message_has_the_start():
    with pytest.raises(click.BadParameter) as caught:
        bind(untyped, ["x" * 5000])

    assert len(caught.value.message) < 120


@pytest.mark.parametrize("texts", [["a"], ["=1"], ["a b=1"], ["a=1", "a=2"]])
def test_what_is_no_name_with_a_value_is_a_usage_error(texts):
    with pytest.raises(click.BadParameter):
        bind(untyped, texts)


def test_parameters_reach_the_workflow_that_is_submitted(project, logged_in, engine):
    (project / "flows_with.py").write_text(
        "from orquestra import sdk\n\n"
        "@sdk.task\ndef one(x):\n    return x\n\n"
        "@sdk.workflow(custom_name='fit-{alpha}')\ndef fit(alpha: float):\n    return one(alpha)\n"
    )
    engine.answer_places(ada=["default"])
    engine.answer("/api/workflow-definitions", {"id": "def-1"})
    engine.answer_run()
    engine.answer("/api/workflow-runs", {"id": "fit-aB3xZ-r000"})

    result = logged_in("wf", "submit", "flows_with.py", "--param", "alpha=0.25")

    assert result.exit_code == 0, result.output
    assert b'"fit-0.25"' in engine.bodies["/api/workflow-definitions"]
