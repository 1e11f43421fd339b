"""Builds the definitions of all programs: run by the published client and by ours.

    cd programs; python ../build_definitions.py OUTPUT [OTHERS]

Writes one JSON document. Its `built` has, for each `module.workflow`, the definition or what
refused it, and of some modules what the workflow returns when it runs in this process; its `read`
has the definitions of OTHERS, a file of the same form, as this client writes them after reading
them.
"""

import importlib
import json
import sys
import traceback
import warnings
from pathlib import Path

from orquestra import sdk
from orquestra.sdk.schema import ir

RUN = {"graphs", "random_workflows"}
"""Modules whose workflows run too."""


def main(output, others=None):
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path.cwd()))
    built = {}
    for file in sorted(Path.cwd().glob("*.py")):
        built.update(outcomes_of(file.stem))
    read = {} if others is None else read_again(json.loads(Path(others).read_text())["built"])
    Path(output).write_text(json.dumps({"built": built, "read": read}))


def outcomes_of(module_name):
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # noqa: BLE001 - any error is an outcome
        return {module_name: refusal(error)}
    return {
        f"{module_name}.{name}": outcome(value, run=module_name in RUN)
        for name, value in list(vars(module).items())  # building may add names
        if is_complete(value)
    }


def is_complete(value):
    template = isinstance(value, sdk.WorkflowTemplate)
    return isinstance(value, sdk.WorkflowDef) or (template and not value.is_parametrized)


def outcome(workflow, *, run):
    try:
        built = {"definition": as_document(workflow.model)}
        return {**built, "result": result_of(workflow)} if run else built
    except Exception as error:  # noqa: BLE001 - any error is an outcome
        return refusal(error)


def result_of(workflow):
    definition = workflow() if isinstance(workflow, sdk.WorkflowTemplate) else workflow
    return repr(definition.run("in_process").get_results())


def refusal(error):
    """The classes of an error, the base classes last, and its text."""
    classes = [cls.__name__ for cls in type(error).__mro__]
    return {"refused": classes, "text": "".join(traceback.format_exception(error))}


def read_again(outcomes):
    return {
        name: as_document(ir.WorkflowDef.model_validate(outcome["definition"]))
        for name, outcome in outcomes.items()
        if "definition" in outcome
    }


def as_document(model):
    return json.loads(model.model_dump_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
