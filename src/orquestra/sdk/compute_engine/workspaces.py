"""The workspaces and projects of a Compute Engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import pydantic

from orquestra.sdk.compute_engine.connection import Connection, ErrorMaker, read_answer
from orquestra.sdk.configuration.config import RuntimeConfig, as_config
from orquestra.sdk.exceptions import NotFoundError, WorkspacesNotSupportedError
from orquestra.sdk.schema import api, paths

EntryT = TypeVar("EntryT")

_WORKSPACE_RESOURCE = "zri:v1::0:system:resource_group:"
_WORKSPACES = pydantic.TypeAdapter(list[api.Workspace])
_PROJECTS = pydantic.TypeAdapter(list[api.Project])


@dataclass(frozen=True)
class Workspace:
    """A workspace; its name is for reading, and others may have the same."""

    workspace_id: str
    name: str


@dataclass(frozen=True)
class Project:
    """A project of a workspace; its name is for reading, and others may have the same."""

    project_id: str
    workspace_id: str
    name: str


def list_workspaces(config: str | RuntimeConfig) -> Sequence[Workspace]:
    """The workspaces that a login may use.

    Raises:
        WorkspacesNotSupportedError: the configuration is of no Compute Engine.
        UnauthorizedError: the login is not accepted.
    """
    entries = _ask(config, "/api/catalog/workspaces", of=_WORKSPACES)
    return [Workspace(workspace_id=entry.id, name=entry.display_name) for entry in entries]


def list_projects(config: str | RuntimeConfig, workspace_id: str | Workspace) -> Sequence[Project]:
    """The projects of a workspace.

    Raises:
        NotFoundError: there is no such workspace.
        WorkspacesNotSupportedError: the configuration is of no Compute Engine.
        UnauthorizedError: the login is not accepted.
    """
    if isinstance(workspace_id, Workspace):
        workspace_id = workspace_id.workspace_id

    def not_found(reason: str) -> Exception:
        return NotFoundError(
            f"There is no workspace {workspace_id!r}: {reason} "
            "sdk.list_workspaces(...) tells which there are."
        )

    entries = _ask(
        config,
        f"/api/catalog/workspaces/{resource_name(workspace_id)}/projects",
        of=_PROJECTS,
        errors={400: not_found, 404: not_found},
    )
    return [
        Project(project_id=entry.id, workspace_id=entry.resource_group_id, name=entry.display_name)
        for entry in entries
    ]


def resource_name(workspace_id: str) -> str:
    """A workspace as paths name it; the names of personal ones have slashes, which stay.

    Raises:
        NotFoundError: no workspace can have the id, which would lead a request elsewhere.
    """
    if not paths.is_plain(workspace_id):
        raise NotFoundError(f"No workspace can have the id {workspace_id!r}.")
    return quote(f"{_WORKSPACE_RESOURCE}{workspace_id}", safe=":/@")


def _ask(
    config: str | RuntimeConfig,
    path: str,
    *,
    of: pydantic.TypeAdapter[list[EntryT]],
    errors: Mapping[int, ErrorMaker] | None = None,
) -> list[EntryT]:
    config = as_config(config)
    if config.is_local or config.is_in_process:
        raise WorkspacesNotSupportedError(
            f"The configuration {config.name!r} has no workspaces and projects. Only those of "
            "Compute Engines have."
        )
    return read_answer(of, Connection(config, transport=None).send("GET", path, errors=errors))
