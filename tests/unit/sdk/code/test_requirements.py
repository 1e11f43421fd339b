"""Whether anything is to be installed for the tasks of a workflow."""

import pytest

from orquestra import sdk
from orquestra.sdk.code.requirements import needs_packages
from orquestra.sdk.schema import ir


def definition(*imports: sdk.PythonImports) -> ir.WorkflowDef:
    @sdk.task
    def plain():
        return 1

    @sdk.task(dependency_imports=imports)
    def work(data):
        return data

    @sdk.workflow
    def working():
        return work(plain())

    return working().model


def with_git(url: str, **fields) -> ir.WorkflowDef:
    """A definition as old releases wrote it: the code of its tasks lies in a repository."""
    model = definition()
    found = {
        name: ir.GitImport(id=name, repo_url=ir.GitURL.model_validate(url), git_ref="v1", **fields)
        for name in model.imports
    }
    return model.model_copy(update={"imports": found})


def test_code_that_travels_along_needs_none():
    assert not needs_packages(definition())


@pytest.mark.parametrize("name", ["orquestra-sdk>=2.0.0a0", "Orquestra_SDK[all]"])
def test_the_sdk_is_in_every_image(name):
    assert not needs_packages(definition(sdk.PythonImports(name)))


def test_one_package_of_one_task_is_enough():
    assert needs_packages(definition(sdk.PythonImports("orquestra-sdk", "numpy")))


@pytest.mark.parametrize(
    ("url", "fields", "needed"),
    [
        ("https://example.com/team/tool.git", {}, True),
        ("https://example.com/z/orquestra-sdk.git", {}, False),
        ("https://example.com/z/fork", {"package_name": "orquestra-sdk"}, False),
    ],
)
def test_a_repository_is_installed_unless_it_is_the_sdks(url, fields, needed):
    assert needs_packages(with_git(url, **fields)) is needed
