"""The states of a run, and the only places where they change.

    WAITING ──▶ RUNNING ──▶ SUCCEEDED
       │           │
       └───────────┴──▶ FAILED | TERMINATED | KILLED

A run is FAILED as soon as its first task has failed for good; tasks that had started go on to
their end, and until then the run still *executes*. A run that does not execute any more is off
its cluster's work, and the cluster, unless other runs share it, is left to the reconciler.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orquestra.engine.clusters import store as clusters
from orquestra.engine.database.sessions import after_commit
from orquestra.engine.database.tables import Run
from orquestra.engine.runs import store
from orquestra.engine.services import EngineServices
from orquestra.sdk.schema.workflow_run import State


def begin(run: Run, *, at: datetime) -> None:
    """The executor has begun. It may begin again on a new head; the first time counts."""
    run.started_at = run.started_at or at
    if run.state is State.WAITING:
        run.state = State.RUNNING


def fail_early(run: Run, *, message: str) -> None:
    """A task has failed for good, others may still run."""
    if not run.state.is_completed():
        run.state = State.FAILED
        run.message = message


async def finish(
    services: EngineServices,
    session: AsyncSession,
    run: Run,
    *,
    state: State,
    message: str | None,
    at: datetime,
) -> None:
    """The run is over: nothing executes any more. What is over already stays as it is."""
    if not run.executing:
        return
    if not run.state.is_completed():
        run.state = state
        run.message = message
    run.executing = False
    run.ended_at = at
    if run.state is State.SUCCEEDED:
        # A task whose end was lost with a head has succeeded too: its value is what was used.
        run.completed_tasks = run.total_tasks
    await store.end_running_tasks(session, run.id, state=run.state, at=at)
    await clusters.retire_unless_shared(session, run.cluster_id)
    announce(services, session, run)
    after_commit(session, lambda: services.works.announce(run.cluster_id))
    after_commit(session, services.wake.ring)


def announce(services: EngineServices, session: AsyncSession, run: Run) -> None:
    """Tell those who watch a run that it has changed, once it has."""
    after_commit(session, lambda: services.changes.announce(run.id))
