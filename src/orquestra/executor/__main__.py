"""`python -m orquestra.executor head|node|driver`: the processes of a run cluster."""

import logging
import os
import sys
from pathlib import Path

from orquestra.sdk.schema.starts import START_VARIABLE, HeadStart, NodeStart


def main(role: str, *arguments: str) -> int:
    """Be one of the processes until it ends; its exit code.

    A driver takes two arguments: the address of Ray's head, and the file of its autoscaler.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # one line for each call
    text = os.environ[START_VARIABLE]
    # Each process loads only what it needs: a node is ready sooner.
    if role == "node":
        from orquestra.executor.node import run_node

        return run_node(NodeStart.model_validate_json(text))
    start = HeadStart.model_validate_json(text)
    if role == "head":
        from orquestra.executor.head import run_head

        return run_head(start)
    from orquestra.executor.driver import run_driver

    address, config = arguments
    code = run_driver(start, address=address, config=Path(config))
    # Ray's farewell takes a second, and the cluster that it is for goes with this process.
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
