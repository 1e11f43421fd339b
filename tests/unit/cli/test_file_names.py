from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.cli.file_names import file_name


@pytest.mark.parametrize("name", ["fit-aB3xZ-r000", "invocation-1-task-train_model", "inv.3"])
def test_ids_that_are_good_names_stay_as_they_are(name):
    assert file_name(name) == name


@given(st.text())
def test_any_name_is_that_of_one_file_in_the_folder(name):
    made = file_name(name)

    assert Path("/folder", made).parent == Path("/folder")
    assert Path(made).name == made
    assert not made.startswith(".")
    assert 0 < len(made.encode()) < 128


def test_names_that_have_to_be_changed_stay_different():
    names = ["a/b", "a_b", "a b", "", ".", "..", "x" * 200, "x" * 201]

    assert len({file_name(name) for name in names}) == len(names)
