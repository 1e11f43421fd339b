"""What all documents on a wire have in common."""

from pydantic import BaseModel, ConfigDict


def is_unset(value: object) -> bool:
    """Whether an optional field is left out of the document."""
    return value is None or value == {}


class Document(BaseModel):
    """Base of every model here: immutable, and tolerant of fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")
