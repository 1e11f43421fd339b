"""Pickles whose large buffers lie beside them."""

import io
import mmap
import pickle
import pickletools
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orquestra.sdk.buffered_pickles import (
    ALIGNMENT,
    BEGINNING_SIZE,
    LEAST_BUFFER,
    Range,
    dump,
    head_size,
    load,
    plain_pickle,
)


def stored(value, **options):
    return bytearray(b"".join(dump(value, **options).parts()))


def plain(data):
    head = bytes(data[: head_size(bytes(data[:BEGINNING_SIZE]))])
    pieces = [
        data[piece.offset : piece.offset + piece.size] if isinstance(piece, Range) else piece
        for piece in plain_pickle(head)
    ]
    return b"".join(pieces)


def read_only(array):
    array.flags.writeable = False
    return array


ARRAYS = st.builds(
    lambda shape, kind, order, frozen: (read_only if frozen else np.asarray)(
        np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape), dtype=kind, order=order)
    ),
    st.lists(st.integers(0, 4), min_size=0, max_size=3).map(tuple),
    st.sampled_from(["u1", "i8", "f4", "c16"]),
    st.sampled_from("CF"),
    st.booleans(),
)
LEAVES = ARRAYS | ARRAYS.map(np.transpose) | st.binary() | st.builds(bytearray, st.binary())
VALUES = st.recursive(
    LEAVES | st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)


def assert_same(found, expected):
    assert type(found) is type(expected)
    if isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, item in expected.items():
            assert_same(found[key], item)
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(found, expected, strict=True)
        assert found.flags.writeable or not expected.flags.writeable or not expected.size
    else:
        assert found == expected


@given(VALUES, st.sampled_from([0, 1, 16]))
def test_what_is_stored_comes_back_the_same_in_both_forms(value, least):
    data = stored(value, least=least)

    assert len(data) == dump(value, least=least).size()
    assert_same(load(memoryview(data)), value)
    assert_same(pickle.loads(plain(data)), value)


def test_large_buffers_are_written_from_where_they_lie_at_aligned_offsets():
    arrays = [np.arange(LEAST_BUFFER + odd, dtype="u1") for odd in (1, 2)]

    made = dump(arrays)
    views = [part for part in made.parts() if isinstance(part, memoryview)]

    assert [np.shares_memory(view, array) for view, array in zip(views, arrays, strict=True)] == [
        True,
        True,
    ]
    assert len(made.pickle) < 1000
    data = b"".join(made.parts())
    assert all(data.index(array.tobytes()) % ALIGNMENT == 0 for array in arrays)


def test_small_buffers_stay_inside():
    assert dump(np.arange(10)).buffers == ()


def test_a_mapped_value_lies_in_the_pages_of_its_file_and_is_private(tmp_path):
    path = tmp_path / "value"
    path.write_bytes(stored(np.zeros(LEAST_BUFFER)))
    with path.open("rb") as file:
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)

    array = load(memoryview(pages))
    array[0] = 5

    assert np.shares_memory(array, np.frombuffer(pages, dtype="u1"))
    assert load(memoryview(path.read_bytes()))[0] == 0


@pytest.mark.parametrize(
    "form", [lambda data: load(memoryview(data)), lambda d: pickle.loads(plain(d))]
)
def test_what_was_read_only_stays_so(form):
    frozen = read_only(np.zeros(LEAST_BUFFER))

    copy = form(stored([frozen, np.zeros(LEAST_BUFFER)]))

    assert [array.flags.writeable for array in copy] == [False, True]


def test_an_object_that_is_there_twice_stays_one():
    array = np.zeros(LEAST_BUFFER)

    one, other = pickle.loads(plain(stored([array, array])))

    assert one is other


def test_a_buffer_with_gaps_is_refused_as_pickle_refuses_it():
    with pytest.raises(pickle.PicklingError, match="non-contiguous"):
        dump(pickle.PickleBuffer(memoryview(b"abcd")[::2]))


def test_the_plain_form_is_one_well_formed_pickle():
    out = io.StringIO()

    pickletools.dis(plain(stored([np.zeros(LEAST_BUFFER), partial(int, "5")])), out)

    assert "highest protocol among opcodes = 5" in out.getvalue()


def test_other_bytes_are_refused():
    with pytest.raises(ValueError, match="not a pickle with buffers"):
        head_size(pickle.dumps(list(range(100))))
