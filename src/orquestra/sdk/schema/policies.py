"""What happens when a task has failed, or has been run before."""

from orquestra.sdk.schema.documents import Document


class RetryPolicy(Document):
    """When a task is repeated that raised an exception or took longer than its timeout.

    Before the n-th repeat passes `delay_seconds` times `backoff` to the power of n - 1, but
    `max_delay_seconds` at most.
    """

    max_retries: int
    delay_seconds: float
    backoff: float
    max_delay_seconds: float

    def pause(self, repeat: int) -> float:
        """Seconds before a repeat; they are counted from 1."""
        try:
            delay = self.delay_seconds * self.backoff ** (repeat - 1)
        except OverflowError:
            return self.max_delay_seconds
        return min(delay, self.max_delay_seconds)


class CachePolicy(Document):
    """A result of the task is used again where its code, inputs and environment are the same.

    `fingerprint` is a digest of the function's code and of the local code that it uses. Results
    older than `max_age_seconds` do not count; null: results of any age do.
    """

    fingerprint: str
    max_age_seconds: float | None = None
