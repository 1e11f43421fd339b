"""The secrets that a definition names, and what is wrong with them when it is to run."""

from collections.abc import Iterator

from orquestra.engine.secrets import service
from orquestra.engine.secrets.elsewhere import is_elsewhere
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema import ir

_CONSEQUENCE = "What needs it will fail."


async def secret_problems(
    services: EngineServices, definition: ir.WorkflowDef, *, owner: str, workspace_id: str
) -> list[str]:
    """A sentence for each secret that a run in a workspace cannot read, for its owner.

    Those that the local runtime is to get from another engine are not looked for.
    """
    local = services.settings.local
    named = sorted(
        {
            (owner if local else node.workspace_id or owner, node.secret_name)
            for node in _named(definition)
            if not (local and is_elsewhere(node.secret_config))
        }
    )
    if not named:
        return []
    reachable = {owner, workspace_id}
    found = await service.names_in(services, reachable)
    return [
        _missing(name, workspace, owner=owner, local=local)
        if workspace in reachable
        else _out_of_reach(name, workspace, run_in=workspace_id)
        for workspace, name in named
        if (workspace, name) not in found
    ]


def _named(definition: ir.WorkflowDef) -> Iterator[ir.SecretNode]:
    """Those that tasks are given, and those that open Git repositories."""
    yield from definition.secret_nodes.values()
    for found in definition.imports.values():
        if isinstance(found, ir.GitImport) and found.repo_url.password is not None:
            yield found.repo_url.password


def _missing(name: str, workspace: str, *, owner: str, local: bool) -> str:
    personal = workspace == owner
    place = "your personal workspace" if personal else f"the workspace {workspace!r}"
    option = " -c local" if local else "" if personal else f" -w {workspace}"
    return (
        f"There is no secret {name!r} in {place}. {_CONSEQUENCE} "
        f"`orq secret set {name}{option}` sets it."
    )


def _out_of_reach(name: str, workspace: str, *, run_in: str) -> str:
    return (
        f"The secret {name!r} is one of the workspace {workspace!r}. A run in the workspace "
        f"{run_in!r} reads only the secrets there, and those of your personal workspace. "
        f"{_CONSEQUENCE} Submit the workflow to the workspace {workspace!r}, or set the secret in "
        "one of these two."
    )
