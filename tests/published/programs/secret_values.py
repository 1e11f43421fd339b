"""Secrets as arguments and outputs."""

from orquestra import sdk


@sdk.task
def take(*args, **kwargs):
    return args


@sdk.workflow
def as_arguments():
    return take(sdk.Secret("a"), key=sdk.Secret("b", config_name="c", workspace_id="w"))


@sdk.workflow
def asked_for_in_the_workflow():
    return take(sdk.secrets.get("a", workspace_id="w"))


@sdk.workflow
def used_twice():
    secret = sdk.Secret("a", workspace_id="w")
    return take(secret, secret), take(secret)


@sdk.workflow
def equal_ones():
    return take(sdk.Secret("a", workspace_id="w"), sdk.Secret("a", workspace_id="w"))


@sdk.workflow
def among_constants_and_results():
    secret = sdk.Secret("a", workspace_id="w")
    return take(1, secret, take(secret, "x"), "x")


@sdk.workflow
def among_the_outputs():
    secret = sdk.Secret("a", workspace_id="w")
    return take(secret), secret
