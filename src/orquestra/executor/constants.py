"""The constants of a run: arguments of its tasks that were known at submission.

A small one travels with each call that takes it. A large one is written into the exchange once,
and travels as the place where it lies.
"""

from pathlib import Path
from uuid import uuid4

from orquestra.executor.exchange import Encoded, SegmentWriter
from orquestra.executor.protocol import Constant
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location, ValueFormat
from orquestra.sdk.schema.workflow_run import WorkflowRunId
from orquestra.sdk.values import from_wire

LARGE = 64 << 10
"""Bytes from which on a constant is written into the exchange."""


class Constants:
    """Constants by the ids of their nodes."""

    def __init__(
        self, run_id: WorkflowRunId, definition: ir.WorkflowDef, *, exchange: Path | None
    ) -> None:
        """Without an `exchange` all of them travel with their calls."""
        self._nodes = definition.constant_nodes
        self._known: dict[str, Constant | Location] = {}
        # A head that was lost has left files of the same run.
        prefix = f"{run_id}.head-{uuid4().hex[:12]}"
        self._writer = SegmentWriter(exchange, prefix) if exchange else None

    def get(self, argument_id: str) -> Constant | Location | None:
        """A constant, if it was asked for before."""
        return self._known.get(argument_id)

    def read(self, argument_id: str) -> Constant | Location:
        """A constant, for the first time."""
        value = from_wire(self._nodes[ir.ConstantNodeId(argument_id)])
        constant = Constant(value.format, value.data)
        argument = constant if len(constant.data) < LARGE else self._place(constant)
        self._known[argument_id] = argument
        return argument

    def close(self) -> None:
        """Close the files."""
        if self._writer:
            self._writer.close()

    def _place(self, constant: Constant) -> Constant | Location:
        if self._writer is None:
            return constant
        encoded = Encoded(
            format=ValueFormat(constant.format.value),
            parts=(constant.data,),
            size=len(constant.data),
        )
        try:
            location = self._writer.write(encoded)
        except OSError:  # the disk is full, and the calls can do without it
            return constant
        self._writer.flush()
        return constant if self._writer.lost(location) else location
