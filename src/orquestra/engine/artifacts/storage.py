"""Where the bytes of artifacts lie: files by run, taken over from the exchanges of run clusters.

A file is taken over as a hard link, so nothing is copied, and what workers append to it later is
there too. Where the system permits no link, what has been written since the last time is copied.
What is lent to other runs always is copied.
"""

import errno
import hashlib
import itertools
import json
import os
import re
import secrets
import shutil
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from orquestra.engine.errors import BadRequest

_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_PIECE = 2**20
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.EXDEV, errno.EMLINK, errno.ENOTSUP)
_NO_RANGES = (errno.EPERM, errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
# Whatever a task has put there: no link is followed, no pipe waited for.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_SECRET_BYTES = 16
_NAME_DIGITS = 32


class Span(NamedTuple):
    """Bytes of a file."""

    offset: int
    size: int


class ArtifactStorage:
    """Files by run and name. What has been written to one never changes; more may follow."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._copying = threading.Lock()

    def adopt(self, run_id: str, *, exchange: Path, files: Mapping[str, int]) -> None:
        """Take files of a run over, each at least as long as given.

        Raises:
            BadRequest: One is not there, is too short, or is no file of that run.
        """
        folder = self._folder / run_id
        folder.mkdir(exist_ok=True, mode=0o700)
        for name, size in files.items():
            if not _NAME.fullmatch(name) or not name.startswith(f"{run_id}."):
                raise BadRequest(f"{name!r} is no name of a file with values of run {run_id!r}.")
            self._adopt(exchange / name, folder / name, size=size)

    def relink(self, run_id: str, *, exchange: Path, files: Iterable[str]) -> None:
        """Put files of a run back into an exchange; those that lie there already stay."""
        for name in files:
            source, target = self._folder / run_id / name, exchange / name
            try:
                target.hardlink_to(source)
            except FileExistsError:
                continue
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                if not os.path.lexists(target):
                    _copy_into(exchange, source, name=name)

    def lend(
        self, run_id: str, file: str, spans: Sequence[Span], *, to: str, exchange: Path
    ) -> tuple[str, list[int]]:
        """Put parts of a file into the exchange of a run; the file there, and where each begins.

        For another run they are copies, and nothing else comes with them: tasks may write to what
        lies in their exchange, and through a link they would change what is stored.

        Raises:
            BadRequest: The file is not there any more, or ends before one of them does.
        """
        source = self._folder / run_id / file
        end = max(map(sum, spans))
        if _regular_size(source) < end:
            raise _too_short(source, end)
        if run_id == to:
            self.relink(run_id, exchange=exchange, files=[file])
            return file, [span.offset for span in spans]
        name = _lent_name(run_id, file, spans, to=to)
        *offsets, size = itertools.accumulate((span.size for span in spans), initial=0)
        if not _has_size(exchange / name, size):
            _copy_spans(source, spans, exchange=exchange, name=name)
        return name, offsets

    def pieces(self, run_id: str, file: str, span: Span) -> Iterator[bytes]:
        """Bytes of a file, in pieces; raises `EOFError` where it ends too early."""
        with (self._folder / run_id / file).open("rb", buffering=0) as opened:
            offset, left = span
            while left:
                piece = os.pread(opened.fileno(), min(left, _PIECE), offset)
                if not piece:
                    raise EOFError(f"The file {file} ends at {offset}, {left} bytes too early.")
                yield piece
                offset, left = offset + len(piece), left - len(piece)

    def delete(self, run_id: str, files: Iterable[str]) -> None:
        """Delete files. Who is reading one reads on."""
        for name in files:
            (self._folder / run_id / name).unlink(missing_ok=True)

    def _adopt(self, source: Path, target: Path, *, size: int) -> None:
        try:
            os.link(source, target, follow_symlinks=False)
        except FileExistsError:
            pass
        except FileNotFoundError as error:
            raise _missing(source) from error
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        if _regular_size(target) < size:
            with self._copying:
                _append_rest(source, target)
        if _regular_size(target) < size:
            raise _too_short(source, size)


def _copy_into(exchange: Path, source: Path, *, name: str) -> None:
    with _new_file(exchange, name) as copy, source.open("rb") as file:
        shutil.copyfileobj(file, copy, _PIECE)


@contextmanager
def _new_file(exchange: Path, name: str) -> Iterator[BinaryIO]:
    """A file that comes into an exchange when it is whole.

    Tasks may have put a link there under any name.
    """
    folder = os.open(exchange, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        partial = f".{secrets.token_hex(_SECRET_BYTES)}"
        descriptor = os.open(partial, _CREATE, 0o600, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                os.fchmod(file.fileno(), 0o644)
            os.rename(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(partial, dir_fd=folder)
            raise
    finally:
        os.close(folder)


def _copy_spans(source: Path, spans: Iterable[Span], *, exchange: Path, name: str) -> None:
    with os.fdopen(_open_regular(source), "rb") as file, _new_file(exchange, name) as copy:
        for span in spans:
            if _copy_span(file.fileno(), copy.fileno(), span) < span.size:
                raise _too_short(source, sum(span))


def _copy_span(source: int, target: int, span: Span) -> int:
    """Append a part of a file; how much of it there was."""
    offset, left = span
    while left:
        copied = _copy_some(source, target, offset, left)
        if not copied:
            break
        offset, left = offset + copied, left - copied
    return offset - span.offset


def _copy_some(source: int, target: int, offset: int, size: int) -> int:
    """Without reading where that works: some file systems let both files have the same blocks."""
    if hasattr(os, "copy_file_range"):
        try:
            return os.copy_file_range(source, target, size, offset)
        except OSError as error:
            if error.errno not in _NO_RANGES:
                raise
    return os.write(target, os.pread(source, min(size, _PIECE), offset))


def _lent_name(run_id: str, file: str, spans: Sequence[Span], *, to: str) -> str:
    """Who asks for the same twice gets it once."""
    what = json.dumps([run_id, file, spans])
    return f"{to}.reused.{hashlib.sha256(what.encode()).hexdigest()[:_NAME_DIGITS]}"


def _has_size(path: Path, size: int) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == size


def _regular_size(path: Path) -> int:
    """The size of a file, -1 where there is none."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return -1
    if not stat.S_ISREG(found.st_mode):
        path.unlink()
        raise _irregular(path)
    return found.st_size


def _append_rest(source: Path, target: Path) -> None:
    """Copy what a file has beyond its copy; a file that is its own copy has nothing."""
    with os.fdopen(_open_regular(source), "rb") as file, target.open("ab") as copy:
        if not os.path.samestat(os.fstat(file.fileno()), os.fstat(copy.fileno())):
            file.seek(copy.tell())
            shutil.copyfileobj(file, copy, _PIECE)


def _open_regular(path: Path) -> int:
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except OSError as error:
        raise _irregular(path) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _irregular(path)
    return descriptor


def _missing(source: Path) -> BadRequest:
    return BadRequest(
        f"There is no file {source.name!r} in the exchange of the run cluster. Values are written "
        "before they are told of."
    )


def _too_short(source: Path, size: int) -> BadRequest:
    return BadRequest(
        f"The file {source.name!r} of the exchange has fewer than {size} bytes. Values are written "
        "before they are told of."
    )


def _irregular(path: Path) -> BadRequest:
    return BadRequest(
        f"{path.name!r} in the exchange of the run cluster is no regular file, so no values are "
        "read from it."
    )
