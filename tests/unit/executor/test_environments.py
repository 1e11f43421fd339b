"""What is installed for a task."""

import subprocess
import time
from datetime import timedelta

import pytest

from orquestra.executor import git_references
from orquestra.executor.environments import environment_key, requirements
from orquestra.executor.git_references import find_commits, moving_imports, with_commits
from orquestra.executor.surroundings import Requirements
from orquestra.executor.testing import PlanBuilder
from orquestra.sdk.schema import ir


def work():
    return 1


def prepared(*, packages=(), git=None):
    builder = PlanBuilder()
    made = builder.call(work)
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


def test_an_image_alone_needs_nothing():
    assert requirements(*prepared()) is None


@pytest.mark.parametrize("name", ["orquestra-sdk", "Orquestra_SDK"])
def test_the_sdk_itself_is_never_installed_the_image_has_it(name):
    assert requirements(*prepared(packages=[package(name, "==1.1.0", extras=["all"])])) is None


def test_packages_are_installed_as_asked_and_once():
    numpy = package("numpy", ">=1.26", "<3")

    assert requirements(*prepared(packages=[numpy, numpy])) == Requirements(
        packages=("numpy>=1.26,<3",)
    )


def test_the_key_does_not_depend_on_the_order_of_packages_but_on_all_else():
    one = Requirements(packages=("a==1", "b==2"))

    assert environment_key(one, image="i") == environment_key(
        Requirements(packages=("b==2", "a==1")), image="i"
    )
    others = [
        (Requirements(packages=("a==1", "b==3")), "i"),
        (Requirements(packages=("a==1", "b==2"), pip_options=("--pre",)), "i"),
        (one, "another"),
    ]
    keys = {environment_key(needed, image=image) for needed, image in [(one, "i"), *others]}
    assert len(keys) == 4


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
        ("file://localhost/srv/tool", {}, "git+file://localhost/srv/tool@v1"),
    ],
)
def test_git_imports_are_requirements_too(url, fields, requirement):
    assert requirements(*prepared(git=git_import(url, **fields))) == Requirements(
        packages=(requirement,)
    )


def test_the_sdks_own_repository_is_left_out():
    own = git_import("https://e.com/z/orquestra-sdk.git")

    assert requirements(*prepared(git=own)) is None


def test_a_definition_without_git_stays_as_it_is():
    _, definition = prepared()

    assert moving_imports(definition) == []
    assert with_commits(definition, {}) is definition


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        ("https://e.com/tool", "0123456789" * 4),
        ("https://e.com/z/orquestra-sdk.git", "main"),
    ],
)
def test_a_commit_and_the_sdks_own_repository_are_not_looked_up(url, reference):
    git = git_import(url).model_copy(update={"git_ref": reference})
    _, definition = prepared(git=git)

    assert moving_imports(definition) == []


def test_a_commit_takes_the_place_of_a_reference():
    _, definition = prepared(git=git_import("https://e.com/tool"))

    pinned = with_commits(definition, {"g": "c" * 40})

    assert pinned.imports["g"].git_ref == "c" * 40
    assert moving_imports(pinned) == []


def test_all_repositories_together_have_one_deadline(monkeypatch):
    monkeypatch.setattr(git_references, "PATIENCE", timedelta(seconds=0.2))
    patience = []

    def nothing(command, *, timeout, **_):
        patience.append(timeout)
        time.sleep(timeout)
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", nothing)
    many = [git_import(f"https://e.com/tool{n}") for n in range(50)]
    begun = time.monotonic()

    assert find_commits(many, access=None) == {}
    assert time.monotonic() - begun < 1
    assert max(patience) <= 0.2
