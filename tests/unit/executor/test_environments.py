"""What Ray is asked to install for a task."""

import pytest

from orquestra.executor.environments import requirements, runtime_env
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema import ir


def work():
    return 1


def prepared(*, packages=(), git=None, env_vars=None):
    builder = PlanBuilder()
    made = builder.call(work, env_vars=env_vars)
    definition = builder.build(made).definition
    (task,) = definition.tasks.values()
    python = ir.PythonImports(id=ir.ImportId("p"), packages=list(packages), pip_options=[])
    imports = {**definition.imports, "p": python}
    ids = [ir.ImportId("p")]
    if git:
        imports["g"] = git
        ids.append(ir.ImportId("g"))
    task = task.model_copy(update={"dependency_import_ids": ids})
    changed = definition.model_copy(update={"imports": imports, "tasks": {task.id: task}})
    return changed.task_invocations[made.invocation_id], changed


def package(name, *constraints, extras=()):
    return ir.PackageSpec(
        name=name,
        extras=list(extras),
        version_constraints=list(constraints),
        environment_markers="",
    )


def git_import(url, **fields):
    return ir.GitImport(
        id=ir.ImportId("g"),
        repo_url=ir.GitURL.model_validate(url),
        git_ref="v1",
        **fields,
    )


def test_an_image_alone_needs_no_environment():
    assert runtime_env(*prepared()) == {}


def test_variables_alone_install_nothing():
    assert runtime_env(*prepared(env_vars={"A": "1"})) == {"env_vars": {"A": "1"}}


@pytest.mark.parametrize("name", ["orquestra-sdk", "Orquestra_SDK"])
def test_the_sdk_itself_is_never_installed_the_image_has_it(name):
    assert runtime_env(*prepared(packages=[package(name, "==1.1.0", extras=["all"])])) == {}


def test_packages_are_installed_as_asked():
    environment = runtime_env(*prepared(packages=[package("numpy", ">=1.26", "<3")]))

    assert environment["pip"]["packages"] == ["numpy>=1.26,<3"]
    assert environment["config"] == {"setup_timeout_seconds": 3600}


@pytest.mark.parametrize(
    ("url", "fields", "requirement"),
    [
        (
            "https://example.com/team/tool.git",
            {"package_name": "tool", "extras": ("b", "a")},
            "tool[a,b] @ git+https://example.com/team/tool.git@v1",
        ),
        ("git@example.com:team/tool", {}, "git+ssh://git@example.com/team/tool@v1"),
        (
            "https://me@example.com:8443/tool",
            {},
            "git+https://me@example.com:8443/tool@v1",
        ),
    ],
)
def test_git_imports_are_requirements_too(url, fields, requirement):
    assert list(requirements(*prepared(git=git_import(url, **fields)))) == [requirement]


def test_the_sdks_own_repository_is_left_out():
    assert not list(requirements(*prepared(git=git_import("https://e.com/z/orquestra-sdk.git"))))
