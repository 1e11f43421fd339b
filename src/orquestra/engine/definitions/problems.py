"""How a definition is refused that can never run."""

from orquestra.engine.errors import InvalidDefinition
from orquestra.sdk.schema import ir

_ADVICE = "submit it again with the SDK that wrote it, it has been damaged or edited"


def require(definition: ir.WorkflowDef, *, holds: bool, problem: str) -> None:
    """Make sure that something holds of a definition; `problem` says what is wrong if not."""
    if not holds:
        raise InvalidDefinition(
            f"The definition of workflow {definition.name!r} can never run: {problem}; {_ADVICE}."
        )
