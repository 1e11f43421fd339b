import textwrap
import types

import pytest

from orquestra import sdk
from orquestra.sdk.code.imported_names import (
    names_in_code,
    names_in_functions,
    names_in_globals,
    names_in_text,
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import a", {"a"}),
        ("import a.b.c as d, e", {"a.b.c", "e"}),
        ("from a.b import c, d", {"a.b", "a.b.c", "a.b.d"}),
        ("from . import a", {"pkg.sub", "pkg.sub.a"}),
        ("from .a.b import c", {"pkg.sub.a.b", "pkg.sub.a.b.c"}),
        ("from ..a import b", {"pkg.a", "pkg.a.b"}),
        (
            "if x:\n    try:\n        import a\n    except ImportError:\n        import b",
            {"a", "b"},
        ),
        ("class A:\n    def f(self):\n        async def g():\n            import a", {"a"}),
        ("x = 'import a'  # import b", set()),
        ("not python", set()),
        ("\0", set()),
    ],
)
def test_all_imports_of_a_text_are_found(text, names):
    assert names_in_text(text, package="pkg.sub") == names


def test_outside_of_a_package_a_relative_import_is_none():
    assert names_in_text("from . import a", package="") == set()


def test_imports_of_a_function_are_found_without_its_text():
    variables = {"__name__": "__main__"}
    program = """
    def f():
        from a.b import c
        def g():
            import d
        return [g for _ in c]
    """
    exec(textwrap.dedent(program), variables)

    assert set(names_in_code(variables["f"].__code__)) == {"a.b", "a.b.c", "d"}
    assert set(names_in_functions(variables)) == {"a.b", "a.b.c", "d"}
    assert set(names_in_functions({**variables, "f": sdk.task(variables["f"])})) == set()


IN_OTHER_PLACES = {
    "method": "class A:\n    def f(self):\n        import a",
    "static": "class A:\n    @staticmethod\n    def f():\n        import a",
    "property": "class A:\n    @property\n    def f(self):\n        import a",
    "inner class": "class A:\n    class B:\n        def f(self):\n            import a",
    "containers": "def f():\n    import a\nX = [{'f': (f,)}]\ndel f",
    "partial": "import functools\ndef f(x):\n    import a\nX = functools.partial(f, 1)\ndel f",
    "closure": "def wrap(f):\n    return lambda: f()\n@wrap\ndef f():\n    import a",
    "itself": "def f():\n    import a\nX = [f]\nX.append(X)\ndel f",
}


@pytest.mark.parametrize("program", IN_OTHER_PLACES.values(), ids=IN_OTHER_PLACES)
def test_functions_of_a_program_without_text_are_found_wherever_it_has_them(program):
    variables = {"__name__": "__main__"}
    exec(program, variables)

    assert "a" in set(names_in_functions(variables))


def test_variables_tell_where_they_come_from():
    variables = {
        "__name__": "own",
        "module": types.ModuleType("a.b"),
        "function": textwrap.dedent,
        "kind": textwrap.TextWrapper,
        "value": textwrap.TextWrapper(),
        "mine": type("Mine", (), {"__module__": "own"})(),
        "text": "x",
    }

    assert set(names_in_globals(variables)) == {"a.b", "textwrap", "builtins"}


class OutOfReach:
    @property
    def __class__(self):
        raise RuntimeError("working outside of its context")


def test_an_object_that_raises_when_it_is_asked_is_told_by_its_class():
    assert set(names_in_globals({"proxy": OutOfReach()})) == {OutOfReach.__module__}
    assert list(names_in_functions({"proxy": OutOfReach()})) == []


def test_a_task_is_told_by_its_function():
    assert set(names_in_globals({"task": sdk.task(textwrap.dedent)})) == {"textwrap"}
