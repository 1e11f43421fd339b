"""What the users of a cluster are told of it: lines in the logs of its runs."""

import asyncio
import logging
import re

from orquestra.engine.provisioning.contract import Handle
from orquestra.engine.reconciling.store import last_run
from orquestra.engine.runs import store as runs
from orquestra.engine.services import EngineServices

logger = logging.getLogger(__name__)

_TAIL_LINES = 15
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


async def note(services: EngineServices, cluster_id: str, text: str) -> None:
    """Tell the runs that execute on a cluster, or, where none does, the last one."""
    logger.info("cluster %s: %s", cluster_id, text, extra={"event": "run_cluster"})
    async with services.database.reading() as session:
        concerned = [run.id for run in await runs.executing(session, cluster_id)]
        last = await last_run(session, cluster_id)
    if not concerned and last is not None:
        concerned = [last.id]
    at = services.clock().timestamp()
    for run_id in concerned:
        try:
            await asyncio.to_thread(services.logs.note, run_id, text, at=at)
        except OSError as error:
            # What was to be told has happened, and what follows from it must not wait for a disk.
            services.logs.report_lost(run_id, error)


async def last_words(services: EngineServices, handle: Handle | None) -> str:
    """The last lines of a container or process, as the end of a message."""
    if handle is None:
        return ""
    lines = await services.provisioner.tail(handle, _TAIL_LINES)
    readable = [_TERMINAL_CODES.sub("", line).rstrip() for line in lines]
    said = "\n".join(line for line in readable if line)
    return f" Its last output:\n{said}" if said else ""
