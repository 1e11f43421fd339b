"""What the commands on secrets have in common: where the secret is."""

from typing import TYPE_CHECKING

import click

from orquestra.cli.options import workspace_option as any_workspace_option

if TYPE_CHECKING:
    from orquestra.sdk.compute_engine.secret_store import SecretStore

name_argument = click.argument("name")

workspace_option = any_workspace_option("Workspace of the secret (default: your personal one).")


def secret_store(config: str | None, *, workspace_id: str | None) -> "SecretStore":
    """The secrets that a command is about; in a task, those that the task itself can read."""
    from orquestra.cli.logins import choose
    from orquestra.sdk.compute_engine.secret_store import SecretStore
    from orquestra.sdk.configuration.platform_login import secrets_login

    of_task = secrets_login() if config is None else None
    if of_task is None:
        return SecretStore(choose(config), workspace_id=workspace_id)
    return SecretStore.of_task(
        uri=of_task.uri, token=of_task.token, workspace_id=workspace_id, config_name=None
    )


def place(workspace_id: str | None) -> str:
    """A workspace in a sentence."""
    return f"the workspace {workspace_id}" if workspace_id else "your personal workspace"
