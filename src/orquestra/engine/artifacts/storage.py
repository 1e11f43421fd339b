"""Where the bytes of artifacts lie: a folder now, any object store that obstore speaks later."""

from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path

from obstore.store import LocalStore

_PIECE = 2**18


class ArtifactStorage:
    """Files by run and name. A file is written once and never changes."""

    def __init__(self, folder: Path) -> None:
        self._store = LocalStore(folder)

    async def write(self, run_id: str, file: str, *, content: AsyncIterable[bytes]) -> int:
        """Store a file, all of it or nothing. Returns its size in bytes."""
        size = 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal size
            async for chunk in content:
                size += len(chunk)
                if chunk:
                    yield chunk

        await self._store.put_async(_path(run_id, file), counted())
        return size

    async def delete(self, run_id: str, file: str) -> None:
        """Delete a file."""
        await self._store.delete_async(_path(run_id, file))

    async def stream(self, run_id: str, file: str) -> AsyncIterator[bytes]:
        """The bytes of a file, in pieces."""
        found = await self._store.get_async(_path(run_id, file))
        async for chunk in found.stream(min_chunk_size=_PIECE):
            yield bytes(chunk)


def _path(run_id: str, file: str) -> str:
    return f"{run_id}/{file}"
