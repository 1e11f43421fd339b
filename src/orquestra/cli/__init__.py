"""The command line `orq`.

The folder tree is the command tree: a module for each command, a package for each group. Here
belongs what reads arguments and shows answers; what is shown of runs, results, logs and secrets
comes from `orquestra.sdk`. Only the group `engine` reaches into `orquestra.engine`, to start one
and to administer its data; `services` runs that group as a process of its own, and `doctor` asks it
what an engine would find on this machine.

Modules of commands import click at their top and everything else when they run: help is instant.
"""

import os
import sys


def main() -> None:
    """Run the command line; the entry point of `orq`."""
    if sys.stdout is None:  # closed by `>&-`: nobody wants to see the answer
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - quick, and for good
    try:
        from orquestra.cli.root import root

        root(prog_name="orq")
    except KeyboardInterrupt:  # before there is a command that could report it
        sys.stderr.write("\ncancelled\n")
        sys.exit(130)  # the enumeration of exit codes may be what was being imported
