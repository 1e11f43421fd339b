"""Custom names of tasks and workflows."""

import warnings

from orquestra import sdk


@sdk.task(custom_name="fixed name")
def fixed(x=0):
    return x


@sdk.task(custom_name="train_{model}_{rate:.2f}_{label!r}")
def formatted(model, rate, label="a b"):
    return model


@sdk.task(custom_name="{args} {kwargs}")
def everything(*args, **kwargs):
    return args


@sdk.task(custom_name="of {source}")
def of_a_result(source):
    return source


@sdk.task(custom_name="Straße/№1 UPPER_{x}")
def unusual(x):
    return x


@sdk.task(custom_name="")
def empty():
    return 1


@sdk.task(custom_name="n" * 200)
def very_long():
    return 1


@sdk.task(custom_name="braces {{x}} {x}")
def braces(x):
    return x


@sdk.workflow
def without_placeholders():
    return fixed(), fixed(1)


@sdk.workflow
def with_placeholders():
    return formatted("SVM", 0.12345), formatted(label=1, rate=2, model="a/b")


@sdk.workflow
def all_arguments():
    return everything(1, 2, a=3)


@sdk.workflow
def a_result_is_named_by_its_task():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return of_a_result(fixed())


@sdk.workflow
def characters_that_ids_cannot_have():
    return unusual("ü.x"), braces(1)


@sdk.workflow
def an_empty_name():
    return empty()


@sdk.workflow
def a_name_that_is_cut():
    return very_long()


@sdk.workflow(custom_name="Quarterly report, 1/4 (ü)")
def a_named_workflow():
    return fixed()


@sdk.workflow(custom_name="report {year}-{month:02d} {tag}")
def report(year, month=1, *, tag="x"):
    return fixed(year)


a_workflow_named_by_its_parameters = report(2024, tag="draft")
