import pytest

from orquestra.sdk.outputs import ONE_VALUE, OutputShape, output_shape


def two():
    return 1, 2


def three_in_a_list():
    return [(1, 2), (3, 4), 5]


def one_tuple():
    return (1,)


def starred():
    return 1, *two()


def empty_tuple():
    return ()


def dictionary():
    return {"a": 1, "b": 2}


def choice(c):
    return (1, 2) if c else (3, 4)


def nothing():
    pass


def early_exit(c):
    if c:
        return 1, 2
    return [3, 4]


def swallowed():
    try:  # noqa: SIM105 - the stray `pass` is the point
        two()
    except ValueError:
        pass
    return 1, 2


def with_inner_function():
    def inner():
        return 1

    return inner(), 2


def with_text_at_the_margin():
    text = """
at the margin
"""
    return text, 1


async def asynchronous():
    return 1, 2


@pytest.mark.parametrize(
    ("fn", "n_outputs"),
    [
        (two, 2),
        (three_in_a_list, 3),
        (one_tuple, 1),
        (early_exit, 2),
        (swallowed, 2),
        (with_inner_function, 2),
        (with_text_at_the_margin, 2),
        (asynchronous, 2),
    ],
)
def test_returned_tuples_and_lists_count_their_elements(fn, n_outputs):
    assert output_shape(fn, n_outputs=None) == OutputShape(
        is_subscriptable=True, n_outputs=n_outputs
    )


@pytest.mark.parametrize("fn", [starred, empty_tuple, dictionary, choice, nothing, len])
def test_everything_else_is_one_value(fn):
    assert output_shape(fn, n_outputs=None) == ONE_VALUE


def test_a_function_inside_another_is_read_too():
    def inner():
        return 1, 2, 3

    assert output_shape(inner, n_outputs=None).n_outputs == 3


def test_a_lambda_is_one_value():
    assert output_shape(lambda: (1, 2), n_outputs=None) == ONE_VALUE


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
