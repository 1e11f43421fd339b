"""How tasks are defined and called."""

import functools

from orquestra import sdk


@sdk.task
def take(*args, **kwargs):
    return args, kwargs


@sdk.task
def defaults(a, b=2, *, c=3):
    return a + b + c


@sdk.task
def kinds(a, /, b, *rest, c, **others):
    return a


@sdk.task()
def with_empty_parentheses():
    return 1


def plain(x):
    return x


wrapped_later = sdk.task(plain, n_outputs=2)
small_function = sdk.task(lambda x: x)


def logged(fn):
    @functools.wraps(fn)
    def inner(*args):
        return fn(*args)

    return inner


@sdk.task
@logged
def decorated_twice(x, y):
    return x, y


class Model:
    @staticmethod
    @sdk.task
    def trained(x):
        return x


@sdk.task
class Built:
    def __init__(self, x):
        self.x = x


@sdk.task
def Größe():  # noqa: N802
    return 1


@sdk.workflow
def positional():
    return take(1, 2, 3)


@sdk.workflow
def by_keyword():
    return take(x=1, y=2)


@sdk.workflow
def mixed():
    return take(1, "two", three=3.0, four=None)


@sdk.workflow
def without_arguments():
    return take()


@sdk.workflow
def defaults_are_not_written():
    return defaults(1), defaults(1, 2), defaults(a=1, c=4)


@sdk.workflow
def all_kinds_of_parameters():
    return kinds(1, 2, 3, 4, c=5, d=6)


@sdk.workflow
def all_forms_of_the_decorator():
    return [with_empty_parentheses(), wrapped_later(1), small_function(2), decorated_twice(3, 4)]


@sdk.workflow
def attributes_of_a_class_and_classes():
    return Model.trained(1), Built(2)


@sdk.workflow
def a_name_that_is_not_ascii():
    return Größe()


@sdk.workflow
def a_task_made_in_the_workflow():
    @sdk.task
    def local(x):
        return x

    return local(1)


@sdk.workflow
def results_as_arguments():
    first = take(1)
    second = take(first, again=first)
    return take(second, first, key=second)
