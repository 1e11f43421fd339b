"""Values known while the workflow is built."""

import datetime
import decimal
import fractions
import math
import pathlib
import uuid
from collections import OrderedDict, namedtuple

from orquestra import sdk

Point = namedtuple("Point", ["x", "y"])


@sdk.task
def take(*args, **kwargs):
    return args


@sdk.workflow
def scalars():
    return take(1, -2.5, "text", True, False, None, 1e100, 0.1)


@sdk.workflow
def numbers_beyond_json():
    return take(math.inf, -math.inf, math.nan, 10**30)


@sdk.workflow
def texts():
    return take("", "ä 😀 \n \0", 'quotes " and \\', "long " * 100)


@sdk.workflow
def containers():
    return take([1, [2, [3]]], {"a": {"b": []}}, [], {}, [None, True])


@sdk.workflow
def tuples():
    return take((1, 2), (), ((1,), [(2,)]), {"key": (3, 4)})


@sdk.workflow
def pickled_values():
    return take({1, 2, 3}, frozenset({4}), b"bytes", 1 + 2j, range(5), slice(1, 2))


@sdk.workflow
def pickled_objects():
    day = datetime.date(2024, 2, 29)
    return take(day, datetime.timedelta(hours=1), pathlib.PurePosixPath("a/b"), decimal.Decimal(1))


@sdk.workflow
def more_pickled_objects():
    return take(fractions.Fraction(1, 3), uuid.UUID(int=7), [{1}, (2,)], {"key": {1}})


@sdk.workflow
def many_chunks():
    return take(bytes(range(256)) * 500)


@sdk.workflow
def equal_ones_share_a_node():
    return take("a", "b", "a", 1, 2, 1, (1, 2), (1, 2))


@sdk.workflow
def equal_ones_of_other_types_do_not():
    return take(1, 1.0, True, 0, 0.0, False, "1")


@sdk.workflow
def the_same_in_several_calls():
    return [take("shared", n) for n in range(3)]


@sdk.workflow
def equal_lists_do_not_share():
    return take([1], [1])


@sdk.workflow
def one_list_in_several_calls_is_shared():
    shared = [1, 2]
    return take(shared, shared), take(key=shared)


@sdk.workflow
def met_again_and_again():
    return take("a", "b", "a", "c", "b"), take("c", "a")


@sdk.workflow
def previews():
    return take("exactly 10", "more than twelve", [1, 2, 3, 4, 5], 123456789012345)


# What JSON would give back as something else: 1.1 sent it as JSON all the same.


@sdk.workflow
def a_dictionary_with_keys_that_are_no_texts():
    return take({1: "one"})


@sdk.workflow
def a_named_tuple():
    return take(Point(1, 2))


@sdk.workflow
def an_ordered_dictionary():
    return take(OrderedDict(a=1))
