"""Who asks, and what that lets them do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from orquestra.engine.errors import Forbidden


class Role(Enum):
    """What a user is in a workspace.

    A MEMBER uses it: runs workflows in it, sees what is in it, reads and adds secrets. An OWNER
    also changes what other members have put there.
    """

    MEMBER = "MEMBER"
    OWNER = "OWNER"


class Belonging(Protocol):
    """Something that a user has put into a workspace."""

    @property
    def owner(self) -> str:
        """The user."""

    @property
    def workspace_id(self) -> str:
        """The workspace."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: a user, or, with the token of a run, a task of it.

    `workspaces` are those that the request may touch, with the user's role in each. An
    administrator may do everything in all of them.
    """

    user: str
    is_admin: bool = False
    workspaces: Mapping[str, Role] = field(default_factory=dict)
    run_id: str | None = None

    def check_workspace(self, workspace_id: str) -> None:
        """Make sure that the workspace may be used.

        Raises:
            Forbidden: It may not; whether it exists is not said.
        """
        if not (self.is_admin or workspace_id in self.workspaces):
            raise Forbidden(
                f"You are not a member of a workspace {workspace_id!r}. "
                "`orq workspace list` shows yours; an owner's request to the administrator makes "
                "you a member."
            )

    def check_may_see(self, thing: Belonging, *, what: str) -> None:
        """Make sure that something may be looked at; `what` is its noun, "workflow run".

        Raises:
            Forbidden: It belongs to somebody else, and is in no workspace of the caller.
        """
        if not self._owns(thing) and thing.workspace_id not in self.workspaces:
            raise Forbidden(f"This {what} belongs to somebody else.")

    def check_may_change(self, thing: Belonging, *, what: str) -> None:
        """Make sure that something may be changed or removed.

        Raises:
            Forbidden: It belongs to somebody else, and the caller does not own its workspace.
        """
        self.check_may_see(thing, what=what)
        if not self._owns(thing) and self.workspaces.get(thing.workspace_id) is not Role.OWNER:
            raise Forbidden(
                f"This {what} belongs to {thing.owner}. Ask them, or an owner of the workspace "
                f"{thing.workspace_id!r}."
            )

    def _owns(self, thing: Belonging) -> bool:
        return self.is_admin or thing.owner == self.user
