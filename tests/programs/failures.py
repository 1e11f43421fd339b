"""Programs that fail: each in one task, behind tasks that succeed, before others that wait."""

import sys
import threading

from orquestra import sdk
from tests.programs.tasks import same


class OfTheUser(Exception):
    """An exception that holds what cannot be pickled, and has more than one line to say."""

    def __init__(self, number):
        super().__init__(f"number {number}\nis not the one")
        self.lock = threading.Lock()


@sdk.task
def inverse(number):
    return 1 / number


@sdk.task
def particular(number):
    raise OfTheUser(number)


@sdk.task(retries=sdk.RetryPolicy(max_retries=2, delay=0.01))
def never_lucky():
    print("trying")
    raise LookupError


@sdk.task(n_outputs=3)
def too_few():
    return 1, 2


@sdk.task
def generated():
    return (number for number in range(3))


@sdk.task
def ending():
    sys.exit(3)


@sdk.task
def together(first, second):
    return first, second


@sdk.workflow
def a_task_raises():
    return same(inverse(same(0)))


@sdk.workflow
def a_task_raises_an_exception_of_its_own():
    return particular(same(7))


@sdk.workflow
def no_try_succeeds():
    return same(never_lucky())


@sdk.workflow
def an_output_is_missing():
    first, _second, third = too_few()
    return together(first, third)


@sdk.workflow
def a_result_cannot_be_pickled():
    return same(generated())


@sdk.workflow
def an_element_of_a_map_raises():
    return same(sdk.map(inverse, same([1, 0, 2])))


@sdk.workflow
def a_map_has_no_sequence():
    return sdk.map(inverse, same(5))


@sdk.workflow
def sequences_are_not_equally_long():
    return sdk.map(together, same([1, 2]), same([1]))


@sdk.workflow
def a_task_exits():
    return same(ending())
