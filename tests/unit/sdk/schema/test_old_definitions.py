"""Definitions that releases from 0.44 to 1.1 made, as they were sent."""

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from orquestra import sdk
from orquestra.sdk.code.functions import load_function
from orquestra.sdk.exceptions import InvalidTaskDefinitionError, VersionMismatch
from orquestra.sdk.schema import ir
from orquestra.sdk.versions import warn_if_incompatible

FOLDER = Path(__file__).parents[3] / "data" / "ir"
FILES = sorted(FOLDER.glob("*.json"))


def read(file):
    return ir.WorkflowDef.model_validate_json(file.read_text())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_old_definition_is_read_without_loss(file):
    document = json.loads(file.read_text())

    written = json.loads(read(file).model_dump_json())

    assert _without_unset(written) == _without_unset(document)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_old_definition_warns_where_it_is_run(file):
    with pytest.warns(VersionMismatch):
        warn_if_incompatible(read(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_graph_of_an_old_definition_is_complete(file):
    definition = read(file)

    nodes = definition.artifact_nodes.keys() | definition.constant_nodes.keys()
    for invocation in definition.task_invocations.values():
        assert invocation.task_id in definition.tasks
        assert {*invocation.argument_ids(), *invocation.output_ids} <= nodes
    assert {*definition.output_ids} <= nodes


def test_outputs_that_are_not_described_are_one_value():
    definition = read(FOLDER / "unpacking_wf_0.44.0.json")

    assert definition.metadata is None
    assert {task.output_metadata for task in definition.tasks.values()} == {None}


CODE_OF_3_11 = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="its byte code is of Python 3.11"
)


@CODE_OF_3_11
def test_functions_of_release_1_1_run_here():
    definition = read(FOLDER / "train_demo-1.1.0.json")

    summarise, make_data = (load_function(task.fn_ref) for task in definition.tasks.values())

    assert make_data(4, scale=0.5) == [0.0, 0.5, 1.0, 1.5]
    assert summarise([1, 2], {3}) == (3, 1)


@CODE_OF_3_11
def test_functions_of_release_0_57_run_here():
    definition = read(FOLDER / "python_package_dependent_workflow.json")

    (item_of,) = (load_function(task.fn_ref) for task in definition.tasks.values())

    assert item_of(SimpleNamespace(item=lambda: 21)) == 21


@CODE_OF_3_11
def test_a_workflow_of_release_1_1_runs_here():
    definition = read(FOLDER / "train_demo-1.1.0.json")

    with pytest.warns(VersionMismatch, match=r"1\.1\.0"):
        run = sdk.WorkflowRun.start_from_ir(definition, "in_process")

    assert run.get_results() == (3.0, 3)


def test_code_that_cannot_run_here_says_what_is_missing():
    definition = read(FOLDER / "unpacking_wf_0.44.0.json")

    for task in definition.tasks.values():
        with pytest.raises(
            InvalidTaskDefinitionError, match=r"`(single_output|two_outputs)`.*dill"
        ):
            load_function(task.fn_ref)


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("orquestra.sdk._client._base._dsl", "InlineFunctionRef ModuleFunctionRef FileFunctionRef"),
        ("orquestra.sdk._client._base._dsl", "TaskOutputMetadata TaskParameter ParameterKind"),
        ("orquestra.sdk._client._base._dsl", "Resources InlineImport LocalImport PythonImports"),
        ("orquestra.sdk._client._base._dsl", "GitImport GitImportWithAuth DeferredGitImport"),
        ("orquestra.sdk._base._dsl", "InlineFunctionRef Resources PythonImports"),
        ("orquestra.workflow_shared.secrets._api", "Secret"),
    ],
)
def test_names_in_pickles_of_old_releases_are_there(module, names):
    found = importlib.import_module(module)

    assert all(hasattr(found, name) for name in names.split())


def _without_unset(document):
    """A document without nulls and empty objects, which old releases left out in part."""
    if isinstance(document, dict):
        items = ((key, _without_unset(value)) for key, value in document.items())
        return {key: value for key, value in items if value not in (None, {})}
    return [*map(_without_unset, document)] if isinstance(document, list) else document
