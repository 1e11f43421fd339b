"""What a task needs beyond its image: pip requirements and environment variables."""

import re
from collections.abc import Iterator
from typing import Any

from orquestra.sdk.schema import ir

SETUP_SECONDS = 3600
"""How long installing may take, as in release 1.1."""

OWN_DISTRIBUTION = "orquestra-sdk"
_PIP_OPTIONS = ("--disable-pip-version-check", "--no-cache-dir")


def runtime_env(invocation: ir.TaskInvocation, definition: ir.WorkflowDef) -> dict[str, Any]:
    """Ray's `runtime_env` of an invocation; empty where its image alone is enough."""
    environment: dict[str, Any] = {}
    packages = list(dict.fromkeys(requirements(invocation, definition)))
    if packages:
        options = [*_PIP_OPTIONS, *_pip_options(invocation, definition)]
        environment["pip"] = {
            "packages": packages,
            "pip_check": False,
            "pip_install_options": options,
        }
        environment["config"] = {"setup_timeout_seconds": SETUP_SECONDS}
    if invocation.env_vars:
        environment["env_vars"] = dict(invocation.env_vars)
    return environment


def requirements(invocation: ir.TaskInvocation, definition: ir.WorkflowDef) -> Iterator[str]:
    """Requirements as pip reads them, without the SDK: a node's image has the right one."""
    for found in _imports(invocation, definition):
        if isinstance(found, ir.PythonImports):
            for package in found.packages:
                if not _is_own(package.name):
                    yield package.requirement()
        elif isinstance(found, ir.GitImport) and not _is_own_repository(found):
            yield _git_requirement(found)


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


def _is_own(name: str) -> bool:
    return re.sub(r"[-_.]+", "-", name).lower() == OWN_DISTRIBUTION


def _is_own_repository(found: ir.GitImport) -> bool:
    repository = found.repo_url.path.removesuffix(".git").rsplit("/", maxsplit=1)[-1]
    return _is_own(found.package_name or repository)


def _git_requirement(found: ir.GitImport) -> str:
    url = found.repo_url
    protocol = url.protocol if url.protocol.startswith("git+") else f"git+{url.protocol}"
    host = f"{url.host}:{url.port}" if url.port else url.host
    address = f"{protocol}://{_git_user(url)}{host}/{url.path}@{found.git_ref}"
    if not found.package_name:
        return address
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    return f"{found.package_name}{extras} @ {address}"


def _git_user(url: ir.GitURL) -> str:
    web = url.protocol.removeprefix("git+") in ("http", "https")
    if web:
        return f"{url.user}@" if url.user else ""
    return f"{url.user or 'git'}@"
