"""Programs whose definitions differ on purpose: see `differences.py`."""

from orquestra import sdk


@sdk.task
def hypotheses_of_pass(x=1):
    try:
        return x, 2
    except ValueError:
        pass


@sdk.task
def nested_return():
    def inner():
        return 1

    return inner(), 2


@sdk.task(custom_name="n" * 200)
def very_long(x):
    return x


@sdk.task(dependency_imports=[sdk.PythonImports("orquestra-sdk==1.0.0", "numpy")])
def pins_the_sdk():
    return 1


@sdk.workflow
def pass_is_no_output():
    return hypotheses_of_pass()


@sdk.workflow
def returns_of_inner_functions_are_not_the_tasks():
    return nested_return()


@sdk.workflow
def long_names_stay_apart():
    return very_long(1), very_long(2)


@sdk.workflow
def the_sdk_of_the_user_gives_way():
    return pins_the_sdk()
