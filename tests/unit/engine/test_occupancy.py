"""One engine works on a data folder, and no second one."""

import os

import pytest

from orquestra.engine.errors import ConfigurationError
from orquestra.engine.occupancy import sole_use
from orquestra.engine.settings import DataFolder


def test_whoever_comes_second_is_told_who_is_there(tmp_path):
    folder = DataFolder(tmp_path)
    folder.create()

    with (
        sole_use(folder),
        pytest.raises(ConfigurationError, match=rf"process {os.getpid()}\) is running on"),
        sole_use(folder),
    ):
        pytest.fail("two engines at once")

    with sole_use(folder):
        pass
