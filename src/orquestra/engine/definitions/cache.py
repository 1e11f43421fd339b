"""Parsed definitions, kept for a while: one run asks for the same one again and again."""

from collections import OrderedDict

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Run
from orquestra.engine.definitions import store
from orquestra.engine.errors import NotFound
from orquestra.sdk.schema import ir

_KEPT = 16


class ParsedDefinition:
    """A definition, and which invocation makes which artifact."""

    def __init__(self, document: ir.WorkflowDef) -> None:
        self.document = document
        self.producers = {
            artifact_id: invocation.id
            for invocation in document.task_invocations.values()
            for artifact_id in invocation.output_ids
        }

    def task_name(self, invocation_id: str) -> str:
        """The name of the function that an invocation calls."""
        invocation = self.document.task_invocations[ir.TaskInvocationId(invocation_id)]
        return self.document.tasks[invocation.task_id].fn_ref.function_name


class DefinitionCache:
    """The definitions asked for last. They never change, so nothing can be stale."""

    def __init__(self) -> None:
        self._parsed: OrderedDict[str, ParsedDefinition] = OrderedDict()

    async def of_run(self, session: AsyncSession, run: Run) -> ParsedDefinition:
        """The definition of a run."""
        key = run.definition_id
        if key not in self._parsed:
            row = await store.get(session, key)
            if row is None:
                raise NotFound(f"There is no workflow definition {key!r}.")
            self._parsed[key] = ParsedDefinition(ir.WorkflowDef.model_validate_json(row.document))
        self._parsed.move_to_end(key)
        while len(self._parsed) > _KEPT:
            self._parsed.popitem(last=False)
        return self._parsed[key]
