"""The imports that one workflow uses, as its definition lists them."""

import hashlib
import re
from typing import TYPE_CHECKING

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.code.git_imports import (
    DeferredGitImport,
    DeferredGitRef,
    GitImport,
    GitImportWithAuth,
    parsed_git_url,
)
from orquestra.sdk.code.imports import Import, InlineImport, LocalImport
from orquestra.sdk.code.python_imports import PythonImports, as_git_import
from orquestra.sdk.code.requirements import is_sdk
from orquestra.sdk.exceptions import OrquestraSDKVersionMismatchWarning
from orquestra.sdk.schema import ir
from orquestra.sdk.secret import secret_node
from orquestra.sdk.versions import SDK_DISTRIBUTION, installed_version

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_ID_BYTES = 5


def id_digest(text: str) -> str:
    """What tells ids of one form apart; the same in every process."""
    return hashlib.shake_256(text.encode()).hexdigest(_ID_BYTES)


class ImportLibrary:
    """Collects imports as they are met; what is deferred is looked up once."""

    def __init__(self) -> None:
        self._version = installed_version().original
        self._ids: dict[Import, list[ir.ImportId]] = {}
        self._models: dict[ir.ImportId, ir.Import] = {}
        self._sdk = _python_model([_sdk_package(self._version)])

    def ids(self, item: Import) -> list[ir.ImportId]:
        """The ids of an import, one at least; addresses among packages are imports of their own.

        Raises:
            WorkflowSyntaxError: its packages cannot be read, or its repository is not found.
        """
        if item not in self._ids:
            models = self._models_of(item)
            self._models.update({model.id: model for model in models})
            self._ids[item] = [model.id for model in models]
        return self._ids[item]

    def sdk_id(self) -> ir.ImportId:
        """The id of the import of this SDK, which every task has."""
        return self._sdk.id

    def models(self) -> dict[ir.ImportId, ir.Import]:
        """All imports that were met, and that of the SDK last."""
        return {**self._models, self._sdk.id: self._sdk}

    def _models_of(self, item: Import) -> list[ir.Import]:
        match item:
            case InlineImport():
                return [ir.InlineImport(id=ir.ImportId("inline-import-1"))]
            case LocalImport():
                return [ir.LocalImport(id=ir.ImportId(f"local-{id_digest(item.module)}"))]
            case PythonImports():
                return self._package_models(item)
            case DeferredGitImport():
                return self._models_of(item.resolved())
            case _:
                return [_git_model(item)]

    def _package_models(self, item: PythonImports) -> list[ir.Import]:
        packages: list[ir.PackageSpec] = []
        repositories: list[ir.Import] = []
        for requirement in item.requirements():
            if is_sdk(requirement.name):
                _warn_of_other_sdk(requirement, installed=self._version)
            elif requirement.url is not None:
                repositories.append(_git_model(as_git_import(requirement)))
            else:
                packages.append(_package(requirement))
        if packages or not repositories:
            return [_python_model(packages), *repositories]
        return repositories


def _warn_of_other_sdk(requirement: "Requirement", *, installed: str) -> None:
    if requirement.url is None and requirement.specifier.contains(installed, prereleases=True):
        return
    warn_user(
        f"The requirement {str(requirement)!r} is left out: tasks run with the SDK of their image, "
        f"which is to be that of this program, {installed}. Remove the requirement.",
        OrquestraSDKVersionMismatchWarning,
    )


def _package(requirement: "Requirement") -> ir.PackageSpec:
    return ir.PackageSpec(
        name=requirement.name,
        extras=sorted(requirement.extras),
        version_constraints=sorted(map(str, requirement.specifier)),
        environment_markers=str(requirement.marker or ""),
    )


def _sdk_package(version: str) -> ir.PackageSpec:
    return ir.PackageSpec(
        name=SDK_DISTRIBUTION,
        extras=["all"],
        version_constraints=[f"=={version}"],
        environment_markers="",
    )


def _python_model(packages: list[ir.PackageSpec]) -> ir.PythonImports:
    digest = id_digest("\n".join(package.requirement() for package in packages))
    return ir.PythonImports(
        id=ir.ImportId(f"python-import-{digest}"), packages=packages, pip_options=[]
    )


def _git_model(item: GitImport | GitImportWithAuth) -> ir.GitImport:
    url, ref = parsed_git_url(item.repo_url), item.git_ref
    if isinstance(ref, DeferredGitRef):
        ref = ref.resolve()
    place = re.sub("[^A-Za-z0-9]", "_", f"{url.host}/{url.path.removesuffix('.git')}")
    if isinstance(item, GitImport):
        import_id = ir.ImportId(f"git-{id_digest(repr((item.repo_url, ref)))}_{place}")
        return ir.GitImport(id=import_id, repo_url=url, git_ref=ref)
    login = item.username, item.auth_secret, item.package_name, item.extras
    import_id = ir.ImportId(f"git-{id_digest(repr((item.repo_url, ref, login)))}_{place}")
    secret = item.auth_secret
    node = None if secret is None else secret_node(secret, node_id=f"secret-{import_id}")
    user = item.username or url.user
    return ir.GitImport(
        id=import_id,
        repo_url=url.model_copy(update={"user": user, "password": node}),
        git_ref=ref,
        package_name=item.package_name,
        extras=item.extras,
    )
