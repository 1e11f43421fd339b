"""What tasks return, and what workflows return of it."""

from orquestra import sdk


@sdk.task
def number():
    return 1


@sdk.task
def pair():
    return 1, 2


@sdk.task
def triple():
    return [1, 2, 3]


@sdk.task
def tuple_of_one():
    return (1,)


@sdk.task(n_outputs=1)
def said_to_be_one():
    return [1]


@sdk.task(n_outputs=2)
def said_to_be_two(source):
    return source


@sdk.task
def nothing():
    pass


@sdk.task
def starred(items=(1, 2)):
    return (0, *items)


@sdk.task
def branches(flag=True):
    if flag:
        return 1, 2
    return [3, 4]


@sdk.task
def mapping():
    return {"a": 1, "b": 2}


@sdk.task
def raises():
    raise ValueError


@sdk.task
def generated():
    yield 1


@sdk.task
def conditional(flag=True):
    return (1, 2) if flag else (3, 4)


@sdk.task
def nested_displays():
    return [(1, 2), (3, 4), 5]


@sdk.workflow
def single():
    return number()


@sdk.workflow
def single_in_a_list():
    return [number()]


@sdk.workflow
def single_in_a_tuple():
    return (number(),)


@sdk.workflow
def several():
    return number(), pair(), triple()


@sdk.workflow
def the_same_twice():
    result = number()
    return result, result


@sdk.workflow
def two_calls_of_one_task():
    return [number(), number()]


@sdk.workflow
def unpacked():
    first, second = pair()
    return first, second


@sdk.workflow
def unpacked_into_names_and_a_rest():
    first, *others = triple()
    return [first, *others]


@sdk.workflow
def only_one_element_is_used():
    return pair()[1]


@sdk.workflow
def indexed_from_the_end():
    return triple()[-1], triple()[-3]


@sdk.workflow
def packed_and_unpacked():
    both = pair()
    return both, both[0], both[True]


@sdk.workflow
def elements_of_one():
    (only,) = tuple_of_one()
    (said,) = said_to_be_one()
    return only, said


@sdk.workflow
def elements_feed_tasks():
    first, second = pair()
    third, fourth = said_to_be_two(second)
    return said_to_be_two(first), third, fourth


@sdk.workflow
def shapes_that_are_one_output():
    return [nothing(), starred(), mapping(), raises(), generated(), conditional()]


@sdk.workflow
def shapes_that_are_several_outputs():
    return [branches(), nested_displays(), branches()[1], nested_displays()[2]]


@sdk.workflow
def constants_beside_a_result():
    return "text", number(), 7, None, (1, 2)
