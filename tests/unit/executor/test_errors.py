"""The error tree."""

import pickle

import pytest

from orquestra.executor import errors

KINDS = [*errors.ExecutorError.__subclasses__(), errors.ExecutorError]


def test_the_drawing_names_every_class():
    assert all(kind.__name__ in errors.__doc__ for kind in KINDS)
    assert len({kind.code for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_way_between_processes(kind):
    copy = pickle.loads(pickle.dumps(kind("what happened")))

    assert isinstance(copy, kind)
    assert str(copy) == "what happened"
