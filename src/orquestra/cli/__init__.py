"""The command line `orq`.

The folder tree is the command tree: a module for each command, a package for each group. Here
belongs what reads arguments and shows answers; what is shown comes from the public functions of
`orquestra.sdk`, so that the command line can do nothing that a program cannot. Only the group
`engine` reaches into `orquestra.engine`, to start one and to issue its tokens; `services` runs that
group as a process of its own.

Modules of commands import click at their top and everything else when they run: help is instant.
"""


def main() -> None:
    """Run the command line; the entry point of `orq`."""
    from orquestra.cli.root import root

    root(prog_name="orq")
