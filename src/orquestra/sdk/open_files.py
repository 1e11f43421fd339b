"""How many files a process may have open."""

import resource

_ENOUGH = 65_536


def allow_many_files() -> None:
    """Let this process and its children have as many open files as containers do.

    A host often allows no more than 1,024, where connections, streams and mapped values are many.
    """
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed != resource.RLIM_INFINITY:
        wanted = _ENOUGH if most == resource.RLIM_INFINITY else min(most, _ENOUGH)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, wanted), most))
