"""Exit codes. The numbers are those of release 1.1."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script can tell from the end of a command.

    `UNKNOWN` is everything that has no code of its own: also what the message explains well.
    """

    OK = 0
    FAILED = 1
    USAGE = 2
    INVALID_WORKFLOW_MODULE = 7
    INVALID_WORKFLOW = 8
    INVALID_WORKFLOW_RUN = 9
    WORKFLOW_RUN_NOT_FOUND = 10
    NO_CONNECTION = 11
    UNAUTHORIZED = 12
    SERVICES = 13
    LOCAL_LOGIN = 14
    CANCELLED = 15
    UNKNOWN = 255


INTERRUPTED = 130
"""What shells say of a program that Ctrl-C has ended."""
