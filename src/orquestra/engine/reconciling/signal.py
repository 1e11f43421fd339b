"""The bell that tells the reconciler to look now instead of at its next round."""

import asyncio
from datetime import timedelta


class WakeSignal:
    """Rung by whoever changed what should exist; heard by the reconciler."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Ask for a look as soon as possible. Rings before it is heard count once."""
        self._event.set()

    async def heard(self, *, within: timedelta) -> None:
        """Wait for a ring, at most `within`."""
        try:
            await asyncio.wait_for(self._event.wait(), within.total_seconds())
        except TimeoutError:
            return
        finally:
            self._event.clear()
