import subprocess
import sys

import pytest

from orquestra import sdk
from orquestra.sdk.code.import_library import ImportLibrary
from orquestra.sdk.code.imports import GithubImport, GitImport, GitImportWithAuth, LocalImport
from orquestra.sdk.exceptions import (
    InvalidTaskDefinitionError,
    OrquestraSDKVersionMismatchWarning,
    WorkflowSyntaxError,
)
from orquestra.sdk.schema import ir
from orquestra.sdk.tracing.task_library import TaskLibrary
from orquestra.sdk.tracing.tasks import TaskDef
from orquestra.sdk.versions import installed_version
from tests.unit.sdk.git_places import SSH_URL, Clone

TOOL = GitImport("https://github.com/acme/tool.git", "v1")


def model_of(item):
    library = ImportLibrary()
    (import_id,) = library.ids(item)
    return library.models()[import_id]


def add(task: TaskDef, **defaults) -> tuple[ir.TaskDef, dict[str, ir.Import]]:
    defaults = {"default_source_import": None, "default_dependency_imports": None, **defaults}
    library = TaskLibrary(**defaults)
    return library.tasks[library.add(task)], library.imports()


def work():
    return 1


def test_every_kind_of_import_has_its_model():
    secret = sdk.Secret("token", "prod", "team")
    private = GithubImport("acme/tool", "v1", "ada", secret, "tool", ["b", "a"])

    models = [
        model_of(item)
        for item in (
            sdk.InlineImport(),
            LocalImport("parts"),
            TOOL,
            private,
            sdk.PythonImports("pkg[b,a]<2,>=1; python_version > '3.8'"),
        )
    ]

    inline, local, public, authorised, packages = models
    assert inline == ir.InlineImport(id="inline-import-1")
    assert local == ir.LocalImport(id=local.id)
    assert public == ir.GitImport(
        id=public.id,
        repo_url=ir.GitURL.model_validate("https://github.com/acme/tool.git"),
        git_ref="v1",
    )
    assert authorised.repo_url.user == "ada"
    assert authorised.repo_url.password == ir.SecretNode(
        id=f"secret-{authorised.id}",
        secret_name="token",
        secret_config="prod",
        workspace_id="team",
    )
    assert (authorised.package_name, authorised.extras) == ("tool", ("b", "a"))
    assert packages.packages[0].requirement() == 'pkg[a,b]<2,>=1; python_version > "3.8"'


IDS = """
from orquestra.sdk.code.import_library import ImportLibrary
from orquestra.sdk.code.imports import *
items = [
    InlineImport(), LocalImport("parts"), PythonImports("numpy>=1.26", "scipy[x,y]"),
    GitImport("https://github.com/acme/tool.git", "v1"),
    GitImport("git@github.com:acme/tool", "v1"),
    GithubImport("acme/tool", "v1", package_name="tool"),
]
print(*(ImportLibrary().ids(item)[0] for item in items), sep="\\n")
"""


def test_quirk_ids_of_imports_are_the_same_in_every_process(monkeypatch):
    texts = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        command = [sys.executable, "-c", IDS]
        texts.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert texts[0] == texts[1]
    inline, local, python, git, over_ssh, with_package = texts[0].split()
    assert inline == "inline-import-1"
    assert len({git, over_ssh, with_package}) == 3
    for found, pattern in [
        (local, "local-{}"),
        (python, "python-import-{}"),
        (git, "git-{}_github_com_acme_tool"),
        (over_ssh, "git-{}_github_com_acme_tool"),
        (with_package, "git-{}_github_com_acme_tool"),
    ]:
        start, end = pattern.split("{}")
        digits = found.removeprefix(start).removesuffix(end)
        assert len(bytes.fromhex(digits)) == 5


def test_what_is_deferred_is_looked_up_when_a_workflow_is_built_and_once(tmp_path, monkeypatch):
    clone = Clone(tmp_path)
    commit = clone.commit()
    clone.push()
    library = ImportLibrary()
    inferred = GitImport.infer(clone.folder)

    first = library.ids(inferred)
    monkeypatch.setenv("PATH", "")  # no git any more

    assert library.ids(GitImport.infer(clone.folder)) == first
    assert library.models()[first[0]].repo_url.original_url == SSH_URL
    assert library.models()[first[0]].git_ref == "main"
    monkeypatch.undo()
    assert model_of(GitImport("https://a.b/c", sdk.infer_git_ref(clone.folder))).git_ref == commit


@pytest.mark.parametrize(
    ("source", "default"),
    [(TOOL, None), (None, TOOL), (LocalImport("x"), None), (sdk.PythonImports("tool"), None)],
)
def test_code_from_elsewhere_is_named(source, default):
    task, imports = add(sdk.task(work, source_import=source), default_source_import=default)

    assert isinstance(task.fn_ref, ir.ModuleFunctionRef)
    assert (task.fn_ref.module, task.fn_ref.function_name) == (__name__, "work")
    assert next(iter(imports)) == task.source_import_id
    assert task.dependency_import_ids == [list(imports)[-1]]


def test_code_from_elsewhere_is_refused_in_the_main_program():
    def in_main():
        return 1

    in_main.__module__ = "__main__"

    with pytest.raises(
        InvalidTaskDefinitionError,
        match=r"(?s)test_import_library\.py:\d+.*Task `in_main` is written in the main program",
    ):
        add(sdk.task(in_main, source_import=TOOL))
    assert isinstance(add(sdk.task(in_main))[0].fn_ref, ir.InlineFunctionRef)


def test_a_repository_among_packages_is_an_import_of_its_own():
    requirement = "tool[b,a] @ git+ssh://git@github.com/acme/tool.git@feature/x"
    task = sdk.task(work, dependency_imports=sdk.PythonImports("numpy", requirement))

    model, imports = add(task)

    packages, git, _ = (imports[import_id] for import_id in model.dependency_import_ids)
    assert [package.name for package in packages.packages] == ["numpy"]
    assert git.repo_url.original_url == "ssh://git@github.com/acme/tool.git"
    assert (git.repo_url.protocol, git.git_ref) == ("ssh", "feature/x")
    assert (git.package_name, git.extras) == ("tool", ("a", "b"))


def test_repositories_alone_bring_no_empty_list_of_packages():
    library = ImportLibrary()

    ids = library.ids(sdk.PythonImports("tool @ git+https://example.com/tool@v1"))

    assert [type(library.models()[import_id]) for import_id in ids] == [ir.GitImport]


def test_packages_and_repositories_can_be_a_source():
    source = sdk.PythonImports("numpy", "tool @ git+https://example.com/tool@v1")

    model, imports = add(sdk.task(work, source_import=source))

    kinds = [imports[i].type for i in (model.source_import_id, *model.dependency_import_ids)]
    assert kinds == ["PYTHON_IMPORT", "GIT_IMPORT", "PYTHON_IMPORT"]


def test_packages_of_source_and_dependencies_must_agree():
    task = sdk.task(
        work,
        source_import=sdk.PythonImports("numpy<2"),
        dependency_imports=sdk.PythonImports("numpy>=2"),
    )

    with pytest.raises(WorkflowSyntaxError, match="'numpy' twice"):
        add(task)


@pytest.mark.parametrize(
    "requirement",
    ["orquestra-sdk", "Orquestra_SDK[all]", f"orquestra-sdk=={installed_version().original}"],
)
def test_quirk_a_pinned_sdk_gives_way(requirement):
    task = sdk.task(work, dependency_imports=sdk.PythonImports(requirement, "numpy"))

    model, imports = add(task)

    named = [imports[import_id].packages for import_id in model.dependency_import_ids]
    assert [[package.name for package in packages] for packages in named] == [
        ["numpy"],
        ["orquestra-sdk"],
    ]


@pytest.mark.parametrize("requirement", ["orquestra-sdk==1.1.0", "orquestra_sdk[ray]<2.0a0"])
def test_quirk_a_pinned_sdk_of_another_version_gives_way_with_a_warning(requirement):
    task = sdk.task(work, dependency_imports=sdk.PythonImports(requirement))

    with pytest.warns(OrquestraSDKVersionMismatchWarning, match="left out") as warned:
        model, imports = add(task)

    assert warned[0].filename == __file__
    told = [p for i in imports.values() for p in getattr(i, "packages", [])]
    assert [package.version_constraints for package in told] == [
        [f"=={installed_version().original}"]
    ]
    assert imports[model.dependency_import_ids[-1]].packages == told


def test_quirk_defaults_do_not_leak_into_other_workflows():
    task = sdk.task(work)

    with_defaults, _ = add(task, default_dependency_imports=(sdk.PythonImports("numpy"),))
    without, _ = add(task)

    assert len(with_defaults.dependency_import_ids) == 2
    assert len(without.dependency_import_ids) == 1


def test_all_classes_of_imports_are_imports():
    secret = sdk.Secret("token", workspace_id="team")
    items = [
        sdk.InlineImport(),
        LocalImport("parts"),
        TOOL,
        GitImport.infer("."),
        GitImportWithAuth("https://a.b/c", "main", "ada", secret),
        GithubImport("acme/tool"),
        sdk.PythonImports("numpy"),
    ]

    assert all(isinstance(item, sdk.Import) for item in items)
    assert not isinstance("numpy", sdk.Import)
