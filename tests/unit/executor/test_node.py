"""What a node does before it starts Ray."""

from datetime import timedelta

import pytest

from orquestra.executor.node import address_of


def test_a_head_is_known_by_its_address_so_that_no_process_of_ray_asks_for_its_name():
    assert address_of("localhost") == "127.0.0.1"
    assert address_of("10.89.0.2") == "10.89.0.2"


def test_a_head_without_an_address_is_an_error_in_the_end():
    with pytest.raises(OSError, match=r"not known|failure|resolution"):
        address_of("no such host", limit=timedelta(0))
