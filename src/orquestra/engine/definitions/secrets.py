"""Secrets that a definition names where nothing here can look them up."""

from collections.abc import Iterator

from orquestra.sdk.schema import ir


def unread_secrets(definition: ir.WorkflowDef) -> Iterator[str]:
    """A sentence for each Git repository that is to be read with a secret, for the run's user."""
    for found in definition.imports.values():
        if isinstance(found, ir.GitImport) and found.repo_url.password is not None:
            yield (
                f"The repository {found.repo_url.original_url} is read without the secret "
                f"{found.repo_url.password.secret_name!r}, since this engine has no secrets yet. "
                "That works for public repositories only; for others, build an image that has the "
                "package, and give it to the task as custom_image=."
            )
