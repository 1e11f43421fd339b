"""What is to be installed for tasks: all that they name but the SDK, which every image has."""

import re

from orquestra.sdk.schema import ir

_SDK = "orquestra-sdk"


def needs_packages(definition: ir.WorkflowDef) -> bool:
    """Whether a task of a definition needs Python packages that its image may not have."""
    return any(
        _installs(definition.imports[import_id])
        for task in definition.tasks.values()
        for import_id in (task.source_import_id, *(task.dependency_import_ids or ()))
    )


def is_sdk(name: str) -> bool:
    """Whether a distribution, however it is spelled, is the SDK."""
    return re.sub(r"[-_.]+", "-", name).lower() == _SDK


def is_repository_of_sdk(found: ir.GitImport) -> bool:
    """Whether what a repository holds is the SDK; without a package, its own name tells."""
    repository = found.repo_url.path.removesuffix(".git").rsplit("/", maxsplit=1)[-1]
    return is_sdk(found.package_name or repository)


def _installs(found: ir.Import) -> bool:
    match found:
        case ir.PythonImports():
            return not all(is_sdk(package.name) for package in found.packages)
        case ir.GitImport():
            return not is_repository_of_sdk(found)
        case _:
            return False
