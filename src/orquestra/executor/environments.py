"""What a task needs beyond its image: Python packages, and the key of the environment with them."""

import hashlib
import json
from collections.abc import Iterator
from typing import TypeGuard

from orquestra.executor.git_logins import GitLogin, git_address, git_login
from orquestra.executor.surroundings import Requirements
from orquestra.sdk.code.requirements import is_repository_of_sdk, is_sdk
from orquestra.sdk.schema import ir


def requirements(invocation: ir.TaskInvocation, definition: ir.WorkflowDef) -> Requirements | None:
    """What is to be installed for an invocation; None where its image alone is enough.

    The SDK is left out: a node's image has the right one.
    """
    packages = tuple(dict.fromkeys(_packages(invocation, definition)))
    if not packages:
        return None
    return Requirements(
        packages=packages,
        pip_options=tuple(_pip_options(invocation, definition)),
        logins=tuple(dict.fromkeys(_logins(invocation, definition))),
    )


def environment_key(needed: Requirements, *, image: str) -> str:
    """The name of the environment with these packages; the same for all that can share it.

    Logins make no difference to what is installed. Only runs of one owner share an environment.
    """
    content = json.dumps([sorted(needed.packages), needed.pip_options, image])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _packages(invocation: ir.TaskInvocation, definition: ir.WorkflowDef) -> Iterator[str]:
    for found in _imports(invocation, definition):
        if isinstance(found, ir.PythonImports):
            for package in found.packages:
                if not is_sdk(package.name):
                    yield package.requirement()
        elif _is_repository(found):
            yield _git_requirement(found)


def _logins(invocation: ir.TaskInvocation, definition: ir.WorkflowDef) -> Iterator[GitLogin]:
    for found in _imports(invocation, definition):
        login = git_login(found.repo_url) if _is_repository(found) else None
        if login is not None:
            yield login


def _is_repository(found: ir.Import) -> TypeGuard[ir.GitImport]:
    return isinstance(found, ir.GitImport) and not is_repository_of_sdk(found)


def _imports(invocation: ir.TaskInvocation, definition: ir.WorkflowDef) -> Iterator[ir.Import]:
    task = definition.tasks[invocation.task_id]
    for import_id in (task.source_import_id, *(task.dependency_import_ids or ())):
        yield definition.imports[import_id]


def _pip_options(invocation: ir.TaskInvocation, definition: ir.WorkflowDef) -> list[str]:
    return [
        option
        for found in _imports(invocation, definition)
        if isinstance(found, ir.PythonImports)
        for option in found.pip_options
    ]


def _git_requirement(found: ir.GitImport) -> str:
    address = f"git+{git_address(found.repo_url)}@{found.git_ref}"
    if not found.package_name:
        return address
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    return f"{found.package_name}{extras} @ {address}"
