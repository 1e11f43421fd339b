"""Dependencies of endpoints that say who is asking."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from orquestra.engine.dependencies import Services
from orquestra.engine.errors import Unauthorized
from orquestra.sdk.schema.cluster import ClusterId

_bearer = HTTPBearer(auto_error=False, description="A token from `orq engine token`")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def _current_user(services: Services, bearer: Bearer) -> str:
    return services.tokens.user_of(_token(bearer))


def _current_cluster(services: Services, bearer: Bearer, request: Request) -> ClusterId:
    cluster_id = ClusterId(str(request.path_params["cluster_id"]))
    services.tokens.check_cluster(cluster_id, _token(bearer))
    return cluster_id


def _token(bearer: HTTPAuthorizationCredentials | None) -> str:
    if bearer is None:
        raise Unauthorized("The request carries no token. Log in with `orq login`.")
    return bearer.credentials


CurrentUser = Annotated[str, Depends(_current_user)]
"""The user whose login token the request carries."""

CurrentCluster = Annotated[ClusterId, Depends(_current_cluster)]
"""The run cluster in the request's path, whose token the request carries."""
