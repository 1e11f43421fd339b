"""A definition as a run of it has opened it: with the elements of its maps."""

from collections.abc import Mapping

from orquestra.engine.definitions.cache import ParsedDefinition
from orquestra.sdk.schema import ir


class OpenedDefinition:
    """What a run can tell of: invocations and artifacts, and elements of the maps it has opened.

    `lengths` says how many each has, by the id of its invocation.
    """

    def __init__(self, definition: ParsedDefinition, *, lengths: Mapping[str, int]) -> None:
        self.definition = definition
        self._lengths = lengths

    def has_invocation(self, name: str) -> bool:
        """Whether it is the id of an invocation or of an element."""
        if name in self.definition.document.task_invocations:
            return True
        base, index = ir.split_element_id(name)
        return index is not None and self._has_element(name, base, index, of=base)

    def producer(self, artifact_id: str) -> str | None:
        """The id of the invocation or the element that makes an artifact; None for unknown ones."""
        producers = self.definition.producers
        known = producers.get(ir.ArtifactNodeId(artifact_id))
        if known is not None:
            return known
        base, index = ir.split_element_id(artifact_id)
        invocation = producers.get(ir.ArtifactNodeId(base))
        if index is None or invocation is None:
            return None
        is_known = self._has_element(artifact_id, base, index, of=invocation)
        return ir.element_id(invocation, index) if is_known else None

    def is_packed(self, artifact_id: str) -> bool:
        """Whether a known artifact is all that an invocation has made."""
        node = self.definition.document.artifact_nodes.get(ir.ArtifactNodeId(artifact_id))
        return node is not None and node.artifact_index is None

    def output_index(self, artifact_id: str) -> int | None:
        """Which output of its invocation or element an artifact is; None for all of it."""
        node = self.definition.document.artifact_nodes.get(ir.ArtifactNodeId(artifact_id))
        return None if node is None else node.artifact_index

    def _has_element(self, name: str, base: str, index: int, *, of: str) -> bool:
        # Each element has one name: `map.07` is none.
        return index < self._lengths.get(of, 0) and name == ir.element_id(base, index)
