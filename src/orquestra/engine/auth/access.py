"""Dependencies of endpoints that say who is asking."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from orquestra.engine.auth.caller import Caller
from orquestra.engine.dependencies import Services
from orquestra.engine.errors import Forbidden, Unauthorized
from orquestra.sdk.schema.cluster import ClusterId

_bearer = HTTPBearer(auto_error=False, description="A token from `orq login` or `orq engine token`")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


async def _token(bearer: Bearer) -> str:
    if bearer is None:
        raise Unauthorized("The request carries no token. Log in with `orq login`.")
    return bearer.credentials


Token = Annotated[str, Depends(_token)]
"""The token that the request carries, whatever it is."""


async def _user_or_run(services: Services, token: Token) -> Caller:
    return await services.callers.of(services.tokens.read(token))


UserOrRun = Annotated[Caller, Depends(_user_or_run)]
"""The user whose login token the request carries, or the run whose token it is."""


async def _current_user(caller: UserOrRun) -> Caller:
    if caller.run_id is not None:
        raise Forbidden(
            "The token of a run opens its secrets and nothing else. Log in with `orq login`."
        )
    return caller


async def _current_cluster(services: Services, token: Token, request: Request) -> ClusterId:
    cluster_id = ClusterId(str(request.path_params["cluster_id"]))
    services.tokens.check_cluster(cluster_id, token)
    return cluster_id


CurrentUser = Annotated[Caller, Depends(_current_user)]
"""The user whose login token the request carries; tokens of runs do not count."""

CurrentCluster = Annotated[ClusterId, Depends(_current_cluster)]
"""The run cluster in the request's path, whose token the request carries."""
