"""Where code and packages come from."""

from orquestra import sdk

NUMPY = sdk.PythonImports("numpy>=1.26")
REPOSITORY = sdk.GitImport(repo_url="https://github.com/org/project", git_ref="main")


@sdk.task
def plain():
    return 1


@sdk.task(dependency_imports=NUMPY)
def a_single_one():
    return 1


@sdk.task(dependency_imports=(NUMPY, sdk.PythonImports("scipy", "pandas==2.2.0")))
def several():
    return 1


@sdk.task(dependency_imports=[])
def none():
    return 1


@sdk.task(
    dependency_imports=[sdk.PythonImports("Some.Package[b,a]!=1.5,>=1,<2; python_version >= '3.9'")]
)
def with_extras_and_markers():
    return 1


@sdk.task(dependency_imports=[sdk.PythonImports(file="requirements.txt")])
def of_a_file():
    return 1


@sdk.task(dependency_imports=[sdk.PythonImports("numpy", file="requirements.txt")])
def of_a_file_and_more():
    return 1


@sdk.task(dependency_imports=[NUMPY, sdk.PythonImports("numpy>=1.26"), sdk.InlineImport()])
def named_twice():
    return 1


@sdk.task(source_import=sdk.InlineImport(), dependency_imports=[REPOSITORY])
def a_repository():
    return 1


@sdk.task(source_import=REPOSITORY, dependency_imports=[REPOSITORY, NUMPY])
def code_of_a_repository():
    return 1


@sdk.task(source_import=sdk.LocalImport(module="dependencies"))
def code_of_a_module():
    return 1


@sdk.task(dependency_imports=[sdk.LocalImport(module="dependencies"), NUMPY])
def a_module():
    return 1


def repositories(*urls):
    return [sdk.GitImport(repo_url=url, git_ref="v1.0") for url in urls]


@sdk.task(
    dependency_imports=repositories(
        "https://github.com/org/project.git",
        "git@github.com:org/project.git",
        "ssh://git@example.com:2222/org/project",
        "https://user@example.com:8443/deep/er/project.git?query=1",
        "example.com/org/project",
        "ssh://git@example.com:org/project",
    )
)
def addresses_of_repositories():
    return 1


TOKEN = sdk.Secret("token", workspace_id="workspace")


@sdk.task(
    dependency_imports=[
        sdk.GitImportWithAuth(
            repo_url="https://example.com/org/project.git",
            git_ref="main",
            username="user",
            auth_secret=TOKEN,
            package_name="project",
            extras=("a", "b"),
        )
    ]
)
def a_private_repository():
    return 1


@sdk.task(
    dependency_imports=[
        sdk.GithubImport("org/public"),
        sdk.GithubImport("org/tagged", git_ref="v2"),
        sdk.GithubImport("org/private", username="me", personal_access_token=TOKEN),
        sdk.GithubImport("org/package", package_name="package", extras=["x"]),
        sdk.GithubImport("org/package", package_name="package", extras="y"),
    ]
)
def from_github():
    return 1


@sdk.task(source_import=sdk.GithubImport("org/source"))
def code_from_github():
    return 1


@sdk.task
def takes_defaults():
    return 1


@sdk.task(source_import=sdk.InlineImport(), dependency_imports=[])
def takes_no_defaults():
    return 1


@sdk.workflow
def the_sdk_alone():
    return plain(), none()


@sdk.workflow
def packages():
    return a_single_one(), several()


@sdk.workflow
def extras_and_markers():
    return with_extras_and_markers()


@sdk.workflow
def requirements_files():
    return of_a_file()


@sdk.workflow
def requirements_files_and_more():
    return of_a_file_and_more()


@sdk.workflow
def duplicates():
    return named_twice()


@sdk.workflow
def git():
    return a_repository()


@sdk.workflow
def git_as_source():
    return code_of_a_repository()


@sdk.workflow
def git_addresses():
    return addresses_of_repositories()


@sdk.workflow
def git_with_a_secret():
    return a_private_repository()


@sdk.workflow
def github():
    return from_github()


@sdk.workflow
def github_as_source():
    return code_from_github()


@sdk.workflow
def local_modules():
    return code_of_a_module(), a_module()


@sdk.workflow(default_source_import=REPOSITORY, default_dependency_imports=[NUMPY])
def defaults():
    return takes_defaults(), takes_no_defaults()
