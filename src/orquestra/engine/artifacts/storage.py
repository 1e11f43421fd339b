"""Where the bytes of artifacts lie: a folder now, any object store that obstore speaks later."""

from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path

from obstore.store import LocalStore


class ArtifactStorage:
    """Bytes by run and artifact. Writing the same one again replaces it."""

    def __init__(self, folder: Path) -> None:
        self._store = LocalStore(folder)

    async def write(self, run_id: str, artifact_id: str, *, content: AsyncIterable[bytes]) -> int:
        """Store an artifact, all of it or nothing. Returns its size in bytes."""
        size = 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size
            async for chunk in content:
                size += len(chunk)
                if chunk:
                    yield chunk

        await self._store.put_async(_path(run_id, artifact_id), counted())
        return size

    async def read(self, run_id: str, artifact_id: str) -> bytes:
        """All bytes of an artifact."""
        found = await self._store.get_async(_path(run_id, artifact_id))
        return bytes(await found.bytes_async())

    async def stream(self, run_id: str, artifact_id: str) -> AsyncIterator[bytes]:
        """The bytes of an artifact, in pieces."""
        found = await self._store.get_async(_path(run_id, artifact_id))
        async for chunk in found.stream():
            yield bytes(chunk)


def _path(run_id: str, artifact_id: str) -> str:
    return f"{run_id}/{artifact_id}"
