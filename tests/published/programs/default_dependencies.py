"""A workflow's default dependencies, in a module of their own: in 1.1 they stay with the tasks."""

from orquestra import sdk


@sdk.task
def task():
    return 1


@sdk.workflow(default_dependency_imports=sdk.PythonImports("numpy"))
def a_first_with_a_default():
    return task()


@sdk.workflow
def b_second_without():
    return task()
