"""Files of lines that several writers append to.

A batch is one write at the end of its file, so lines of two writers never mix. A writer that was
killed, or had no room left, leaves half a line: whoever appends next ends it, and readers skip it.
"""

import os
from pathlib import Path


def append(path: Path, content: bytes) -> range:
    """Add lines to a file, which is made where there is none; the bytes where they lie now.

    Raises:
        OSError: They could not be written, or only some of them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        _write(descriptor, content)
        end = os.lseek(descriptor, 0, os.SEEK_CUR)
    finally:
        os.close(descriptor)
    return range(end - len(content), end)


def _write(descriptor: int, content: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        content = b"\n" + content
    while content:  # once, unless the disk is full: then the next write says so
        content = content[os.write(descriptor, content) :]
