"""The constants of a run: arguments of its tasks that were known at submission.

A small one travels with each call that takes it. A large one is written into the exchange once,
and travels as the place where it lies. So does everything else that many calls take.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from orquestra.executor.exchange import Encoded, SegmentWriter, encode
from orquestra.executor.protocol import Bundle, Constant, Gathered
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
        self._sequences: dict[str, Constant | Location] = {}
        self.fingerprints: dict[Constant | Location, str] = {}
        """Of constants that were asked for, where the definition tells them."""
        # A head that was lost has left files of the same run.
        prefix = f"{run_id}.head-{uuid4().hex[:12]}"
        self._writer = SegmentWriter(exchange, prefix) if exchange else None

    def get(self, argument_id: str) -> Constant | Location | None:
        """A constant, if it was asked for before."""
        return self._known.get(argument_id)

    def read(self, argument_id: str) -> Constant | Location:
        """A constant, for the first time."""
        constant = self._constant(argument_id)
        argument = constant if len(constant.data) < LARGE else self._place(constant)
        self._known[argument_id] = argument
        self._tell(argument_id, argument)
        return argument

    def sequence(self, argument_id: str) -> Constant | Location:
        """A constant that a map goes over: each of many calls takes an element of it."""
        known = self._sequences.get(argument_id)
        if known is None:
            known = self._sequences[argument_id] = self._place(self._constant(argument_id))
            self._tell(argument_id, known)
        return known

    def bundle(self, gathered: Gathered) -> Gathered | Bundle:
        """A collection of very many items, as calls take it."""
        data = pickle.dumps(gathered, protocol=pickle.HIGHEST_PROTOCOL)
        location = self._write(ValueFormat.ENCODED_PICKLE, data)
        return Bundle(location) if location else gathered

    def sources(self, files: Mapping[str, str]) -> Constant | Location:
        """The local modules of a run."""
        (data,) = encode(dict(files)).parts
        return self._place(Constant(ir.ArtifactFormat.JSON, bytes(data)))

    def close(self) -> None:
        """Close the files."""
        if self._writer:
            self._writer.close()

    def _constant(self, argument_id: str) -> Constant:
        value = from_wire(self._nodes[ir.ConstantNodeId(argument_id)])
        return Constant(value.format, value.data)

    def _tell(self, argument_id: str, argument: Constant | Location) -> None:
        node = self._nodes[ir.ConstantNodeId(argument_id)]
        if isinstance(node, ir.ConstantNodePickle) and node.fingerprint is not None:
            self.fingerprints[argument] = node.fingerprint

    def _place(self, constant: Constant) -> Constant | Location:
        return self._write(ValueFormat(constant.format.value), constant.data) or constant

    def _write(self, value_format: ValueFormat, data: bytes) -> Location | None:
        if self._writer is None:
            return None
        encoded = Encoded(format=value_format, parts=(data,), size=len(data))
        try:
            location = self._writer.write(encoded)
        except OSError:  # the disk is full, and the calls can do without it
            return None
        self._writer.flush()
        return None if self._writer.lost(location) else location
