"""The tree of errors is the one that is drawn, and errors survive their travels."""

import inspect
import pickle
import re

import pytest

from orquestra.engine import errors

CLASSES = [
    member
    for _, member in inspect.getmembers(errors, inspect.isclass)
    if issubclass(member, errors.EngineError)
]


def drawn() -> dict[str, str | None]:
    """Each class of the drawing with the one above it."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in inspect.getdoc(errors).splitlines():
        match = re.match(r"^ {4}([│ ]*)(?:[├└]── )?([A-Z]\w+)", line)
        if match:
            depth = len(match[1]) // 4 + ("──" in line)
            path[depth:] = [match[2]]
            parents[match[2]] = path[depth - 1] if depth else None
    return parents


def test_the_drawing_shows_the_classes():
    classes = {
        member.__name__: None if member is errors.EngineError else member.__base__.__name__
        for member in CLASSES
    }

    assert drawn() == classes


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_survives_pickling(kind):
    error = pickle.loads(pickle.dumps(kind("what happened and what to do")))

    assert type(error) is kind
    assert str(error) == "what happened and what to do"


def test_codes_are_unique():
    assert len({member.code for member in CLASSES}) == len(CLASSES)
