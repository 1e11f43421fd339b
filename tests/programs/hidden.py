"""A program with secrets. In process it gets them from the local runtime, elsewhere from there."""

from orquestra import sdk

NAME = "key-of-programs"
VALUE = "Öffne dich!\n"


@sdk.task
def opened(key, *, others=()):
    return key, [*others], sdk.secrets.get(NAME, config_name="local")


@sdk.task
def length(key):
    return len(key)


@sdk.workflow
def secrets_as_arguments():
    key = sdk.Secret(NAME, config_name="local")
    again = sdk.secrets.get(NAME, config_name="local")
    return opened(key, others=[again, {"key": key}]), sdk.map(length, [key, "four"])
