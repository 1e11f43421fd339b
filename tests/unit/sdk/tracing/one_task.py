"""A definition of one task, to look at what its options become."""

from orquestra import sdk


def fn():
    return 1


def model_of(**options):
    task = sdk.task(fn, **options)
    (model,) = sdk.workflow(lambda: [task()]).model.tasks.values()
    return model
