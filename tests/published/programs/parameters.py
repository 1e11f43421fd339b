"""Workflows with parameters."""

from orquestra import sdk


@sdk.task
def take(*args, **kwargs):
    return args


@sdk.workflow
def repeated(times, *values, scale=2, **named):
    result = take(times, scale, *values)
    for _ in range(times):
        result = take(result, **named)
    return result


defaults_only = repeated(1)
all_given = repeated(2, "a", [1], scale=0.5, key="value")
a_secret = repeated(1, sdk.Secret("a", workspace_id="w"))
a_result = repeated(1, take("outside"))


@sdk.workflow
def optional(n=3):
    return [take(i) for i in range(n)]


without_any = optional()
