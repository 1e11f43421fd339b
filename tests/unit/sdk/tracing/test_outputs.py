import functools

import pytest

from orquestra.sdk.tracing.outputs import ONE_VALUE, OutputShape, output_shape


def two():
    return 1, 2


def kept_by_a_decorator(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        return fn(*args)

    return wrapper


@kept_by_a_decorator
def decorated():
    return 1, 2


def early_exit(c):
    if c:
        return 1, 2
    return [3, 4]


def with_text_at_the_margin():
    text = """
at the margin
"""
    return text, 1


def both_none(c):
    if c:
        return 5
    return None


def generator_with_return():
    yield 0
    return 1, 2


def only_yields():
    yield 1, 2


def only_raises():
    raise ValueError


def empty(): ...


def nothing():
    pass


def bare():
    return


async def asynchronous():
    return 1, 2


RETURNED = {
    "1, 2": 2,
    "(1, 2)": 2,
    "[1, 2]": 2,
    "[(1, 2), (3, 4), 5]": 3,
    "(1,)": 1,
    "[1]": 1,
    "[[1, 2]]": 1,
}
ONE = [
    *("(*x, 1)", "[*x]", "()", "[]", "{1: 2, 3: 4}", "{**x}", "{1, 2}", "5", "'ab'", "None", "..."),
    *("x", "x.y", "f'{x}'", "x(1, 2)", "x[1, 2]", "[i for i in x]", "(i for i in x)"),
    *("(1, 2) if x else (3, 4)", "lambda: (1, 2)", "(y := (1, 2))", "(1, 2) + (3,)", "1 < 2"),
    *("not x", "x and (1, 2)", "{i: 1 for i in x}"),
]


def returning(expression, tmp_path):
    """A function of a file of its own, whose source can be read."""
    file = tmp_path / "returning.py"
    file.write_text(f"def fn(x):\n    return {expression}\n")
    scope = {}
    exec(compile(file.read_text(), file, "exec"), scope)
    return scope["fn"]


@pytest.mark.parametrize(("expression", "n_outputs"), RETURNED.items())
def test_a_returned_tuple_or_list_counts_its_elements(expression, n_outputs, tmp_path):
    fn = returning(expression, tmp_path)

    assert output_shape(fn, n_outputs=None) == (True, n_outputs)


@pytest.mark.parametrize("expression", ONE)
def test_any_other_expression_is_one_value(expression, tmp_path):
    assert output_shape(returning(expression, tmp_path), n_outputs=None) == ONE_VALUE


@pytest.mark.parametrize(
    "fn",
    [early_exit, with_text_at_the_margin, asynchronous, generator_with_return, decorated],
)
def test_functions_of_all_kinds_are_read(fn):
    assert output_shape(fn, n_outputs=None) == OutputShape(is_subscriptable=True, n_outputs=2)


@pytest.mark.parametrize(
    "fn", [both_none, only_yields, only_raises, empty, nothing, bare, len, lambda: (1, 2)]
)
def test_functions_that_return_one_value_or_none(fn):
    assert output_shape(fn, n_outputs=None) == ONE_VALUE


def test_a_stray_pass_says_nothing_of_the_outputs():
    # In release 1.1 it counted as a `return` without a value.
    def swallowed():
        try:  # noqa: SIM105 - the stray `pass` is the point
            two()
        except ValueError:
            pass
        return 1, 2

    assert output_shape(swallowed, n_outputs=None) == (True, 2)


def test_functions_and_classes_inside_say_nothing_of_the_outputs():
    # In release 1.1 their returns counted, too.
    def outer():
        def inner():
            return 1

        class Inside:
            def method(self):
                return 1, 2, 3

        return inner(), Inside

    assert output_shape(outer, n_outputs=None) == (True, 2)


def test_a_function_inside_another_is_read_too():
    def inner():
        return 1, 2, 3

    assert output_shape(inner, n_outputs=None).n_outputs == 3


def test_different_counts_warn_and_mean_one_value():
    def undecided(c):
        if c:
            return 1, 2
        return None

    with pytest.warns(UserWarning, match=r"`undecided`.*\(1, 2\).*n_outputs") as warned:
        assert output_shape(undecided, n_outputs=None) == ONE_VALUE

    assert warned[0].filename == __file__


def test_what_the_author_says_counts_and_can_be_unpacked():
    assert output_shape(two, n_outputs=1) == OutputShape(is_subscriptable=True, n_outputs=1)


@pytest.mark.parametrize(
    ("n_outputs", "error"), [(0, ValueError), (-1, ValueError), ("2", TypeError)]
)
def test_impossible_counts_are_refused(n_outputs, error):
    with pytest.raises(error, match="n_outputs"):
        output_shape(two, n_outputs=n_outputs)
