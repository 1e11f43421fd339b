"""Parsed definitions, kept for a while: one run asks for the same one again and again."""

import asyncio
from collections import OrderedDict

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.database.tables import Run
from orquestra.engine.definitions import store
from orquestra.sdk.schema import ir

CAPACITY = 32 * 2**20
"""Bytes of the documents kept; parsed, they take several times as much memory."""


class ParsedDefinition:
    """A definition, its size as a document in bytes, which invocation makes what, and its maps."""

    def __init__(self, document: ir.WorkflowDef, *, size: int) -> None:
        self.document = document
        self.size = size
        self.producers = document.producers()
        self.maps = frozenset(
            invocation.id
            for invocation in document.task_invocations.values()
            if invocation.map_over is not None
        )

    def invocation_of(self, name: str) -> ir.TaskInvocationId:
        """The invocation of that id, or the map of which it names an element."""
        if not self.maps or name in self.document.task_invocations:
            return ir.TaskInvocationId(name)
        return ir.TaskInvocationId(ir.split_element_id(name)[0])

    def task_name(self, name: str) -> str:
        """The name of the function that an invocation or an element calls."""
        invocation = self.document.task_invocations[self.invocation_of(name)]
        return self.document.tasks[invocation.task_id].fn_ref.function_name


class DefinitionCache:
    """The definitions asked for last, the newest whatever its size. They never change."""

    def __init__(self, *, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, ParsedDefinition] = OrderedDict()

    async def of_run(self, session: AsyncSession, run: Run) -> ParsedDefinition:
        """The definition of a run."""
        return await self.get(session, run.definition_id)

    async def get(self, session: AsyncSession, definition_id: str) -> ParsedDefinition:
        """A definition that is stored."""
        kept = self._kept.get(definition_id)
        if kept is None:
            text = await store.document(session, definition_id)
            # In a thread: a document may have megabytes.
            kept = await asyncio.to_thread(_parse, text)
        self.keep(definition_id, kept)
        return kept

    def keep(self, definition_id: str, parsed: ParsedDefinition) -> None:
        """Remember a definition that will be asked for soon."""
        self._kept[definition_id] = parsed
        self._kept.move_to_end(definition_id)
        while len(self._kept) > 1 and self._size() > self._capacity:
            self._kept.popitem(last=False)

    def _size(self) -> int:
        return sum(parsed.size for parsed in self._kept.values())


def _parse(document: str) -> ParsedDefinition:
    raw = document.encode()
    return ParsedDefinition(ir.WorkflowDef.model_validate_json(raw), size=len(raw))
