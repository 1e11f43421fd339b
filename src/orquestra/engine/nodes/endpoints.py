"""`/api/workflow-runs/{run_id}/nodes`, an addition of ours."""

from fastapi import APIRouter

from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.dependencies import ReadSession
from orquestra.engine.nodes import store, views
from orquestra.engine.runs import service as run_service
from orquestra.engine.runs import store as run_store
from orquestra.sdk.schema import api

router = APIRouter(prefix="/api/workflow-runs", tags=["nodes"])


@router.get("/{run_id}/nodes", response_model_exclude_none=True)
async def list_nodes(
    run_id: str, session: ReadSession, caller: CurrentUser
) -> api.Envelope[list[api.Pool]]:
    """The pools of a run with the nodes that lived during it, and its tasks that ran on each."""
    run = await run_service.get(session, run_id, caller=caller)
    pools = await run_store.pools(session, run)
    attempts = await run_store.attempts(session, run.id)
    nodes = await store.during(session, run)
    return api.Envelope(data=views.pools(pools, nodes, attempts=attempts))
