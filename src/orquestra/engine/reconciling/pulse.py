"""When the reconciler last went round well."""

from datetime import timedelta

from orquestra.engine.clock import Clock

_LIMIT = timedelta(seconds=60)


class Pulse:
    """Beats once a round; it begins with a beat, since a new engine is not a sick one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock()

    def beat(self) -> None:
        """A round went well."""
        self._last = self._clock()

    def trouble(self) -> str | None:
        """What to say where it has not beaten for too long."""
        if self._clock() - self._last <= _LIMIT:
            return None
        return (
            f"Containers have not been looked after since {self._last:%H:%M:%S} UTC. The "
            "container engine may not answer; the engine's log says more."
        )
