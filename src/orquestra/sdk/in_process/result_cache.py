"""Results of tasks with a cache policy, for later calls of this process."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orquestra.sdk.schema import ir
from orquestra.sdk.values import SerializedValue

MOST_BYTES = 256 << 20
"""Above it the results that were not used for longest are forgotten."""


@dataclass(frozen=True, kw_only=True)
class CachedResult:
    """A result, the run that it comes from, and when it was made."""

    value: SerializedValue
    run_id: str
    made_at: datetime

    @classmethod
    def of(cls, value: SerializedValue, *, run_id: str) -> "CachedResult":
        """A result that was made just now."""
        return cls(value=value, run_id=run_id, made_at=datetime.now(UTC))


class ResultCache:
    """Keeps results by key. Its methods may be called from any thread."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._results: OrderedDict[str, CachedResult] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: str, policy: ir.CachePolicy) -> CachedResult | None:
        """The result under a key, if there is one that is young enough."""
        with self._lock:
            found = self._results.get(key)
            if found is None or not _is_young(found, policy):
                return None
            self._results.move_to_end(key)
            return found

    def remember(self, key: str, result: CachedResult) -> None:
        """Keep a result, in place of one that has the key already."""
        with self._lock:
            self._forget(key)
            self._results[key] = result
            self._bytes += len(result.value.data)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._results)))

    def _forget(self, key: str) -> None:
        old = self._results.pop(key, None)
        if old is not None:
            self._bytes -= len(old.value.data)


def cache_key(
    policy: ir.CachePolicy, invocation: ir.TaskInvocation, *, inputs: Iterable[bytes]
) -> str:
    """The key of a call: its code, its variables and its inputs, the positional ones first."""
    digest = hashlib.sha256(policy.fingerprint.encode())
    variables = sorted((invocation.env_vars or {}).items())
    digest.update(repr((variables, len(invocation.args_ids), [*invocation.kwargs_ids])).encode())
    for part in inputs:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _is_young(result: CachedResult, policy: ir.CachePolicy) -> bool:
    if policy.max_age_seconds is None:
        return True
    return datetime.now(UTC) - result.made_at <= timedelta(seconds=policy.max_age_seconds)
