"""Names of files for what has a name of somebody else's choice."""

import hashlib
import re

_LONGEST = 100
_UNSAFE = re.compile(r"[^\w.-]|^\.+", re.ASCII)


def file_name(name: str) -> str:
    """A name for one file or folder, without folders of its own and not hidden.

    Names of definitions, and ids that a server gives, can be any text: also an absolute path, or
    one that leads out of a folder. A name that had to be changed ends with a digest of the whole,
    so that different names stay different.
    """
    safe = _UNSAFE.sub("_", name)[:_LONGEST]
    if safe == name and name:
        return name
    return f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
