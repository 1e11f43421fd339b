"""Values that came back from a Compute Engine, as objects of this process."""

from typing import Any

from orquestra.sdk.exceptions import ValueNotReadableError
from orquestra.sdk.schema import ir, responses
from orquestra.sdk.values import deserialize, from_wire


def read_value(
    document: responses.WorkflowResult | ir.ConstantNodeJSON | ir.ConstantNodePickle, *, what: str
) -> Any:
    """The value itself; `what` names it in an error.

    Raises:
        ValueNotReadableError: reading it needs what this machine does not have.
    """
    try:
        return deserialize(from_wire(document))
    except Exception as error:  # unpickling runs code of the user's packages
        raise ValueNotReadableError(f"{what} cannot be read here: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        cure = f"it needs the module {error.name!r}. Install its package here"
    else:
        cure = f"{type(error).__name__}: {error}. Install the packages here that the task had"
    return (
        f"{cure}, return plain values from the task (numbers, texts, lists, dictionaries), or "
        "take the stored form with get_results_serialized() or get_artifacts_serialized()."
    )
