"""What is hidden, and so is piped in where it is not typed: it is never an argument.

Arguments stay in the shell's history, and everybody on the machine sees those of a command that
runs.
"""

import sys

from orquestra.cli.exit_codes import ExitCode
from orquestra.cli.failures import Failure


def read_hidden(what: str, *, hint: str) -> str:
    """All of standard input, but for the line break that `echo` and editors add at its end.

    Raises:
        Failure: It is no text; `hint` says what to do then.
    """
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise Failure(
            f"{what} is no text: it is not in UTF-8", code=ExitCode.FAILED, hint=hint
        ) from error
    return text.removesuffix("\n").removesuffix("\r")
