"""Secrets of the user, by name: what stands for a value that only a task may see."""

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from orquestra.sdk.schema import ir

_WAY_OUT = (
    "The value of a secret exists only where a task runs. Pass the secret to a task as an argument "
    "of its own, or call sdk.secrets.get({name!r}) inside the task."
)


class _Fields(NamedTuple):
    name: str
    config_name: str | None = None
    workspace_id: str | None = None


class Secret(_Fields):
    """Stands for the value of a secret: as an argument of a task, or as a credential of an import.

    It has a name, the configuration whose engine keeps it, and the workspace that it belongs to;
    without one that is the personal workspace. Whatever would need its value fails.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> NoReturn:
        raise self._refusal(f"has no attribute {name!r}")

    def __str__(self) -> str:
        raise self._refusal("has no text")

    def __format__(self, format_spec: str) -> str:
        raise self._refusal("has no text")

    def __iter__(self) -> NoReturn:
        raise self._refusal("cannot be iterated")

    def __getitem__(self, index: object) -> NoReturn:
        raise self._refusal("cannot be indexed")

    def __contains__(self, item: object) -> NoReturn:
        raise self._refusal("cannot be searched")

    def _replace(self, **_fields: object) -> NoReturn:
        raise self._refusal("cannot be changed")

    def _asdict(self) -> NoReturn:
        raise self._refusal("is no dictionary")

    def __add__(self, other: object) -> NoReturn:
        raise TypeError(self._problem("cannot be joined with anything"))

    __radd__ = __mul__ = __rmul__ = __add__

    def __reduce__(self) -> tuple[Any, ...]:
        # The ways of a named tuple iterate.
        return Secret, (self.name, self.config_name, self.workspace_id)

    def _problem(self, what: str) -> str:
        return f"The secret {self.name!r} {what}. {_WAY_OUT.format(name=self.name)}"

    def _refusal(self, what: str) -> AttributeError:
        # An AttributeError for everything, as release 1.1 has it.
        return AttributeError(self._problem(what))


def secret_node(secret: Secret, *, node_id: str) -> "ir.SecretNode":
    """A secret as definitions hold it."""
    from orquestra.sdk.schema import ir

    return ir.SecretNode(
        id=ir.SecretNodeId(node_id),
        secret_name=secret.name,
        secret_config=secret.config_name,
        workspace_id=secret.workspace_id,
    )
