"""`python -m orquestra.cli`, which is `orq` with this Python."""

from orquestra.cli import main

main()
