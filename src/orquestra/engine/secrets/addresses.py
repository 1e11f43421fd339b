"""How secrets are named: by their name alone, or with their workspace."""

from dataclasses import dataclass
from typing import Self

from orquestra.engine.errors import BadRequest, NotFound
from orquestra.sdk.schema import paths
from orquestra.sdk.schema.secrets import NAME_RULE, is_name

_ZRI = "zri:v1::0:"
_KIND = ":secret:"


@dataclass(frozen=True, kw_only=True)
class SecretAddress:
    """A secret by name; without a workspace, in the personal one of who asks."""

    name: str
    workspace_id: str | None = None

    @classmethod
    def of_new(cls, name: str, *, workspace_id: str | None) -> Self:
        """The address of a secret that is to be there.

        Raises:
            BadRequest: None may have the name, or no workspace the id.
        """
        if not is_name(name):
            raise BadRequest(f"{name!r} is no name of a secret. {NAME_RULE}")
        if workspace_id and not paths.is_plain(workspace_id):
            raise BadRequest(f"No workspace has the id {workspace_id!r}.")
        return cls(name=name, workspace_id=workspace_id or None)

    @classmethod
    def parse(cls, text: str) -> Self:
        """What a path says: a name, or `zri:v1::0:<workspace>:secret:<name>`.

        Raises:
            NotFound: Nothing can have that address.
        """
        workspace_id, kind, name = text.removeprefix(_ZRI).rpartition(_KIND)
        has_workspace = text.startswith(_ZRI) and paths.is_plain(workspace_id)
        if not is_name(name) or bool(kind) != has_workspace:
            raise NotFound(
                f"Nothing can be the secret {text!r}. {NAME_RULE} One of a workspace is written "
                f"{_ZRI}<workspace>{_KIND}<name>."
            )
        return cls(name=name, workspace_id=workspace_id or None)
