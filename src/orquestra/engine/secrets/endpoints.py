"""`/api/config/secrets`: the same for users, and for tasks with the token of their run."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, status

from orquestra.engine.auth.access import UserOrRun
from orquestra.engine.dependencies import Services
from orquestra.engine.http import bodies, openapi
from orquestra.engine.secrets.addresses import SecretAddress
from orquestra.engine.secrets.elsewhere import SecretsElsewhere
from orquestra.engine.secrets.service import KeptSecrets
from orquestra.sdk.schema import api
from orquestra.sdk.schema.secrets import (
    CreateSecret,
    Secret,
    SecretDetails,
    SecretName,
    SecretValue,
    UpdateSecret,
)

# What the local runtime asks another engine for may fail there.
router = APIRouter(prefix="/api/config/secrets", tags=["secrets"], responses={502: {}})

_LOCKED: dict[int | str, dict[str, str]] = {
    409: {"description": "The key that secrets are encrypted with is not there."}
}


async def _secrets(
    services: Services, caller: UserOrRun, response: Response, config: str | None = None
) -> KeptSecrets | SecretsElsewhere:
    """Those of this engine; on the local runtime those of `config`, a saved login of its user."""
    response.headers["Cache-Control"] = "no-store"
    elsewhere = SecretsElsewhere.named(config) if services.settings.local else None
    return elsewhere or KeptSecrets(services, caller)


Secrets = Annotated[KeptSecrets | SecretsElsewhere, Depends(_secrets)]


@router.get("", responses=openapi.NO_SUCH_WORKSPACE, response_model_exclude_none=True)
async def list_secrets(
    secrets: Secrets, workspace: str | None = None
) -> api.Envelope[list[SecretName]]:
    """The names of all secrets of a workspace, without one those of the personal one."""
    names = await secrets.names(workspace or None)
    return api.Envelope(data=[SecretName(name=name) for name in names])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=_LOCKED | openapi.NO_SUCH_WORKSPACE,
    openapi_extra=bodies.documented(CreateSecret),
)
async def create_secret(request: Request, secrets: Secrets) -> SecretName:
    """Add a secret; one of a name that is taken is refused with 400."""
    new = bodies.read(CreateSecret, await request.body()).data
    address = SecretAddress.of_new(new.name, workspace_id=new.resource_group)
    await secrets.create(address, new.value)
    return SecretName(name=new.name)


@router.get("/{nameOrZRI:path}", responses=_LOCKED, response_model_exclude_none=True)
async def get_secret(nameOrZRI: str, secrets: Secrets) -> api.Envelope[Secret]:  # noqa: N803 - the wire's name
    """A secret with its value."""
    found = await secrets.get(SecretAddress.parse(nameOrZRI))
    details = SecretDetails(name=found.name, value=found.value, resource_group=found.workspace_id)
    answer = Secret(details=details, last_modified=found.modified, owner=found.owner)
    return api.Envelope(data=answer)


@router.post("/{nameOrZRI:path}", responses=_LOCKED, openapi_extra=bodies.documented(UpdateSecret))
async def update_secret(nameOrZRI: str, request: Request, secrets: Secrets) -> SecretValue:  # noqa: N803
    """Give a secret another value."""
    new = bodies.read(UpdateSecret, await request.body()).data
    await secrets.update(SecretAddress.parse(nameOrZRI), new.value)
    return new


@router.delete("/{nameOrZRI:path}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_secret(nameOrZRI: str, secrets: Secrets) -> None:  # noqa: N803
    """Forget a secret."""
    await secrets.delete(SecretAddress.parse(nameOrZRI))
