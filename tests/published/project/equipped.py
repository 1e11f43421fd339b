"""Workflows that use what release 1.1 offers beside plain calls of tasks."""

import collections
import functools
import json
import os
import sys
from pathlib import Path

from orquestra import sdk
from orquestra.sdk.exceptions import WorkflowRunNotFoundError
from orquestra.sdk.schema import ir
from orquestra.workflow_shared.exceptions import NotFoundError

Pair = collections.namedtuple("Pair", "left right")  # noqa: PYI024 - as users write it
LIMIT = 3
MIDDLE = sdk.Resources(cpu="1", memory="512Mi", disk="1G")


def helper(number):
    return min(number, LIMIT)


def twice(function):
    @functools.wraps(function)
    def called(*args, **kwargs):
        return function(*args, **kwargs) * 2

    return called


@sdk.task(
    dependency_imports=[sdk.PythonImports("iniconfig==2.0.0"), sdk.PythonImports("packaging")]
)
def installed():
    from importlib.metadata import version

    import iniconfig

    return iniconfig.__name__, version("iniconfig"), version("orquestra-sdk").split(".")[0]


@sdk.task(
    dependency_imports=[
        sdk.GitImport(repo_url=os.environ.get("TOOL", "http://127.0.0.1/tool.git"), git_ref="main")
    ]
)
def from_a_repository():
    import tool

    return tool.NUMBER


@sdk.task
@twice
def decorated(number):
    return helper(number)


@sdk.task(n_outputs=2, custom_name="split {pair}", max_retries=2, resources=MIDDLE)
def split(pair):
    return [pair[0], pair[1]]  # as a constant, a named tuple travels as a plain one


@sdk.task
def together(*args, scale=1, **kwargs):
    return [scale * number for number in (*args, *kwargs.values())]


@sdk.task(env_vars={"COLOUR": "blue", "SHAPE": "round"})
def variables():
    return os.environ["COLOUR"], os.environ.get("SHAPE")


@sdk.task(source_import=sdk.InlineImport())
def errors():
    try:
        raise NotFoundError("found by its old name")  # noqa: TRY301 - it is what is tried
    except NotFoundError as error:
        return type(error).__module__, issubclass(WorkflowRunNotFoundError, NotFoundError)


@sdk.task
def whereabouts():
    ids, context = sdk.current_run_ids(), sdk.current_exec_ctx()
    return ids.workflow_run_id, ids.task_invocation_id, context.config_name


@sdk.task
def large(length):
    return bytes(length), Pair(1, [2])


@sdk.task
def sizes(both):
    data, pair = both
    return len(data), pair.left, type(pair).__name__


def made_here(factor):
    @sdk.task
    def scaled(number):
        return number * factor

    return scaled


@sdk.workflow(
    resources=sdk.Resources(cpu="1", memory="1Gi", nodes=2),
    head_node_resources=sdk.Resources(cpu="500m", memory="1Gi"),
    custom_name="equipped 1/2",
)
def equipped():
    left, right = split(Pair(1, 2))
    return (
        left,
        together(right, 2, scale=3, last=decorated(9)),
        variables(),
        variables().with_env_variables({"COLOUR": "red"}),
        errors(),
        whereabouts(),
        sizes(large(2_000_000)),
        made_here(4)(5).with_resources(cpu="500m", memory="100Mi"),
        Pair(3, 4),
    )


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def with_requirements():
    return installed(), from_a_repository()


@sdk.task
def two_outputs(a, b):
    return a, b


@sdk.task
def single_output(a):
    return a


@sdk.workflow
def unpacking():
    return two_outputs(1, single_output(2))


def as_written_in(file):
    """A definition of an older release, with the functions of `unpacking`."""
    document = json.loads(Path(file).read_text())
    functions = {
        task.fn_ref.function_name: task.fn_ref for task in unpacking().model.tasks.values()
    }
    for task in document["tasks"].values():
        reference = functions[task["fn_ref"]["function_name"]]
        task["fn_ref"]["encoded_function"] = reference.encoded_function
    if "metadata" in document:
        python = document["metadata"]["python_version"]
        python["original"] = sys.version
        python["major"], python["minor"], python["patch"] = sys.version_info[:3]
    return ir.WorkflowDef.model_validate(document)
