"""`/api/artifacts` and `/api/run-results`."""

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from orquestra.engine.artifacts import service
from orquestra.engine.auth.access import CurrentUser
from orquestra.engine.dependencies import ReadSession, Services
from orquestra.engine.runs import service as runs
from orquestra.engine.runs.views import task_run_id
from orquestra.sdk.schema import api, responses
from orquestra.sdk.schema.workflow_run import State

_JSON = "application/json"

router = APIRouter(prefix="/api", tags=["results"])


@router.get("/artifacts")
async def list_artifacts(
    workflowRunId: str,  # noqa: N803 - the wire's name
    session: ReadSession,
    caller: CurrentUser,
) -> api.Envelope[dict[str, list[str]]]:
    """Ids of the complete results of a run's tasks, by task run; those that exist so far."""
    run = await runs.get(session, workflowRunId, caller=caller)
    packed = await service.packed_by_invocation(session, run.id)
    return api.Envelope(
        data={task_run_id(run.id, invocation): [found] for invocation, found in packed.items()}
    )


@router.get("/artifacts/{artifact_id}", response_model=responses.WorkflowResult)
async def get_artifact(artifact_id: str, services: Services, caller: CurrentUser) -> Response:
    """One value."""
    pieces = await service.get(services, artifact_id, caller=caller)
    return StreamingResponse(pieces, media_type=_JSON)


@router.get("/run-results")
async def list_results(
    workflowRunId: str,  # noqa: N803 - the wire's name
    session: ReadSession,
    caller: CurrentUser,
) -> api.Envelope[list[str]]:
    """The id of a run's result, or none while it has not succeeded."""
    run = await runs.get(session, workflowRunId, caller=caller)
    return api.Envelope(data=[run.result_id] if run.state is State.SUCCEEDED else [])


@router.get("/run-results/{result_id}", response_model=responses.ComputeEngineWorkflowResult)
async def get_result(result_id: str, services: Services, caller: CurrentUser) -> Response:
    """The outputs of a run that has succeeded."""
    pieces = await service.results(services, result_id, caller=caller)
    return StreamingResponse(pieces, media_type=_JSON)
