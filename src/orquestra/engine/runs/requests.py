"""What is asked of runs: which to list, and which to begin.

What is wrong with a request to begin one has a number that client 1.1.0 knows.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import Field, ValidationError

from orquestra.engine.errors import (
    BadRequest,
    DefinitionIdMalformed,
    DefinitionIdMissing,
    NotJson,
    ResourcesRefused,
)
from orquestra.engine.http import bodies
from orquestra.engine.http.paging import PageQuery
from orquestra.sdk.schema import api
from orquestra.sdk.schema.workflow_run import State

_DEFINITION_ID = "workflowDefinitionID"
_AMOUNTS = (("resources",), ("headNodeResources",))


class RunsQuery(PageQuery):
    """Which runs to list."""

    workflow_definition_id: str = Field(
        default="", alias=_DEFINITION_ID, description="Runs of this definition only."
    )
    workspace_id: str = Field(default="", description="All runs of this workspace, not yours only.")
    project_id: str = Field(default="", description="Runs of projects with this id only.")
    max_age: int | None = Field(
        default=None, ge=0, description="Runs that were created within the last so many seconds."
    )
    state: str = Field(
        default="", description=f"States joined by commas, out of {', '.join(State.__members__)}."
    )

    @property
    def states(self) -> Sequence[State]:
        """The states that are asked for; none: all.

        Raises:
            BadRequest: There is no such state.
        """
        wanted = self.state.split(",") if self.state else []
        unknown = [name for name in wanted if name not in State.__members__]
        if unknown:
            raise BadRequest(
                f"There is no state {unknown[0]!r}; give one or more of "
                f"{', '.join(State.__members__)}, joined by commas."
            )
        return [State(name) for name in wanted]

    def created_since(self, now: datetime) -> datetime | None:
        """The time since which runs are asked for; None: all."""
        if self.max_age is None:
            return None
        try:
            return now - timedelta(seconds=self.max_age)
        except OverflowError:  # older than the calendar
            return None


def read(body: bytes) -> api.CreateRun:
    """The request that a body holds.

    Raises:
        BadRequest: It holds none; the class says which part is wrong.
    """
    try:
        request = api.CreateRun.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error) from error
    _check_id(request.workflow_definition_id)
    return request


def _refusal(error: ValidationError) -> BadRequest:
    problems = error.errors()
    sentence = f"The body is not a request for a run: {bodies.problems(error)}."
    if bodies.is_no_json(error):
        return NotJson(sentence)
    for problem in problems:
        if problem["loc"] == (_DEFINITION_ID,):
            missing = problem["type"] == "missing" or problem["input"] is None
            return DefinitionIdMissing(sentence) if missing else DefinitionIdMalformed(sentence)
    amounts = all(problem["loc"][:1] in _AMOUNTS for problem in problems)
    return ResourcesRefused(sentence) if amounts else BadRequest(sentence)


def _check_id(definition_id: str) -> None:
    if not definition_id:
        raise DefinitionIdMissing(
            f"The request names no workflow definition; give the id of one as {_DEFINITION_ID}."
        )
    try:
        uuid.UUID(definition_id)
    except ValueError as error:
        raise DefinitionIdMalformed(
            f"{definition_id!r} is not the id of a workflow definition, which is a UUID; take "
            "the one that the server answered when the definition was stored."
        ) from error
