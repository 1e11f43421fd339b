"""The bytes of stored values, as everybody can read them: formats of our own are translated."""

from collections.abc import Iterator

from orquestra.engine.artifacts.storage import ArtifactStorage, Span
from orquestra.engine.database.tables import Artifact
from orquestra.sdk import buffered_pickles
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import ValueFormat

_LARGEST_HEAD = 64 * 2**20
"""Of 2.8 million buffers. It is read into memory, and its size is what a task has written."""


def public_format(artifact: Artifact) -> ir.ArtifactFormat:
    """The format of the bytes that `public_bytes` gives."""
    if artifact.format == ValueFormat.JSON.value:
        return ir.ArtifactFormat.JSON
    return ir.ArtifactFormat.ENCODED_PICKLE


def public_bytes(storage: ArtifactStorage, artifact: Artifact) -> Iterator[bytes]:
    """A value in pieces: what was stored, or the plain pickle that a buffered one stands for."""
    if artifact.format != ValueFormat.BUFFERED_PICKLE.value:
        return _part(storage, artifact, offset=0, size=artifact.size)
    return _plain_pickle(storage, artifact)


def _plain_pickle(storage: ArtifactStorage, artifact: Artifact) -> Iterator[bytes]:
    beginning = _bytes(storage, artifact, size=buffered_pickles.BEGINNING_SIZE)
    size = buffered_pickles.head_size(beginning)
    if size > _LARGEST_HEAD:
        raise ValueError(f"The artifact {artifact.id} says that its head has {size} bytes.")
    head = _bytes(storage, artifact, size=size)
    _check_ranges(buffered_pickles.plain_pickle(head), artifact)
    for piece in buffered_pickles.plain_pickle(head):
        if isinstance(piece, bytes):
            yield piece
        else:
            yield from _part(storage, artifact, offset=piece.offset, size=piece.size)


def _check_ranges(pieces: Iterator[bytes | buffered_pickles.Range], artifact: Artifact) -> None:
    """A head that a task has made up may name the same large part of its value many times."""
    ranges = [piece for piece in pieces if isinstance(piece, buffered_pickles.Range)]
    if any(sum(part) > artifact.size for part in ranges) or (
        sum(part.size for part in ranges) > artifact.size
    ):
        raise ValueError(f"The artifact {artifact.id} has fewer bytes than its head says.")


def _bytes(storage: ArtifactStorage, artifact: Artifact, *, size: int) -> bytes:
    return b"".join(_part(storage, artifact, offset=0, size=size))


def _part(
    storage: ArtifactStorage, artifact: Artifact, *, offset: int, size: int
) -> Iterator[bytes]:
    # A head may lie about the rest of its value; the rest of its file is none of its business.
    if offset + size > artifact.size:
        raise EOFError(f"The artifact {artifact.id} ends at {artifact.size}, not {offset + size}.")
    span = Span(artifact.offset + offset, size)
    return storage.pieces(artifact.run_id, artifact.file, span)
