"""A dispatch that runs nothing: every attempt ends as the test says."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from orquestra.executor.dispatch import Attempt, Completion, Failure, Reason, Value
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import NodeId
from orquestra.sdk.values import SerializedValue

NODE = NodeId("node-1")


class MemoryDispatch:
    """Ends attempts in the order in which they were submitted, `at_once` of them begun at a time.

    `outcome` says how an attempt ends: None means that it succeeds. `submitted` is the record.
    """

    def __init__(
        self,
        *,
        outcome: Callable[[Attempt], Failure | None] = lambda _: None,
        at_once: int = 1,
    ) -> None:
        self.submitted: list[Attempt] = []
        self.supplied: list[SerializedValue] = []
        self._outcome = outcome
        self._at_once = at_once
        self._open: deque[Attempt] = deque()
        self._begun: int | None = None

    def submit(self, attempt: Attempt) -> None:
        """Note an attempt."""
        self.submitted.append(attempt)
        self._open.append(attempt)

    def next_completion(self, timeout: timedelta) -> Completion | None:  # noqa: ARG002
        """End the oldest attempt."""
        if not self._open:
            return None
        attempt = self._open.popleft()
        failure = self._outcome(attempt)
        if self._begun is not None:
            failure = failure if self._begun > 0 else _CALLED_OFF
            self._begun -= 1
        kept = () if failure else attempt.keeps
        return Completion(
            attempt=attempt,
            ended_at=datetime.now(UTC),
            node_id=NODE,
            started_at=datetime.now(UTC),
            failure=failure,
            values={
                artifact_id: Value(format=ir.ArtifactFormat.JSON, handle=artifact_id)
                for artifact_id in kept
            },
        )

    def supply(self, value: SerializedValue) -> Value:
        """Note a value that comes from the store."""
        self.supplied.append(value)
        return Value(format=value.format, handle=value)

    def call_off(self) -> None:
        """Of the open attempts, only those that had begun end by themselves."""
        self._begun = self._at_once - 1


_CALLED_OFF = Failure(reason=Reason.NOT_BEGUN, message="called off")
