import pytest

from orquestra.sdk.code.code_uses import ImportedModule, UsedName, uses_of


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("f(x)", [UsedName(("f",)), UsedName(("x",))]),
        ("a.b.c", [UsedName(("a", "b", "c"))]),
        ("a.b(1).c", [UsedName(("a", "b"))]),
        ("a[0].b", [UsedName(("a",))]),
        ("lambda y: y + z.t()", [UsedName(("z", "t"))]),
        ("import a.b", [ImportedModule("a.b")]),
        ("from a import b, c", [ImportedModule(name) for name in ("a", "a.b", "a.c")]),
        ("from . import a", [ImportedModule("", 1), ImportedModule("a", 1)]),
        ("from ..a import b", [ImportedModule("a", 2), ImportedModule("a.b", 2)]),
    ],
)
def test_what_code_mentions_is_found(text, uses):
    assert list(uses_of(compile(text, "<text>", "exec"))) == uses


@pytest.mark.parametrize("text", ["import a.b", "from a import b"])
@pytest.mark.parametrize("before", ["n{}", "y = {}.5"])
def test_imports_are_found_where_many_names_and_constants_come_before(text, before):
    lines = [before.format(number) for number in range(300)]

    uses = list(uses_of(compile("\n".join([*lines, text]), "<text>", "exec")))

    assert ImportedModule("a.b") in uses


def test_attributes_are_found_where_many_names_come_before():
    lines = [f"n{number}" for number in range(300)]

    uses = list(uses_of(compile("\n".join([*lines, "a.b.c"]), "<text>", "exec")))

    assert uses[-1] == UsedName(("a", "b", "c"))


def test_local_variables_are_not_mentioned():
    def f(x):
        y = [x.z]
        return y + y

    assert list(uses_of(f.__code__)) == []


def test_long_chains_of_attributes_are_cut():
    (use,) = uses_of(compile("a" + ".b" * 100, "<text>", "exec"))

    assert len(use.parts) == 21
