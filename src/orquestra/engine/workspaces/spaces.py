"""Whom a definition or a run belongs to."""

from dataclasses import dataclass

DEFAULT_PROJECT = "default"


@dataclass(frozen=True, kw_only=True)
class Space:
    """An owner, and the workspace and project that something is put into.

    Where none is named, the workspace is the owner's personal one, which has the owner's name.
    """

    owner: str
    workspace_id: str
    project_id: str

    @classmethod
    def of(
        cls, owner: str, workspace_id: str | None = None, project_id: str | None = None
    ) -> "Space":
        """The space of a request, as far as it names one."""
        return cls(
            owner=owner,
            workspace_id=workspace_id or owner,
            project_id=project_id or DEFAULT_PROJECT,
        )
