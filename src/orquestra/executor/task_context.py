"""What tasks are told of their run: whom it belongs to, and how they reach its secrets."""

from orquestra.executor.protocol import RunVariables
from orquestra.sdk.configuration.platform_login import (
    CLUSTER_VARIABLE,
    PLATFORM_SECRETS_URI,
    PROJECT_VARIABLE,
    SECRETS_TOKEN_FILE_VARIABLE,
    SECRETS_URI_VARIABLE,
    TOKEN_FILE_VARIABLE,
    USER_VARIABLE,
    WORKSPACE_VARIABLE,
    SecretsLogin,
)
from orquestra.sdk.schema.cluster import RunContext


def run_variables(context: RunContext, *, local_uri: str | None) -> RunVariables:
    """What tasks of a run find in their process.

    `local_uri` is where those of the local runtime ask for secrets. They are told nothing more,
    because what they are on the user's own machine is no platform: a configuration that they name
    is one of the user's there.
    """
    if local_uri is not None:
        variables = {SECRETS_URI_VARIABLE: local_uri}
        return RunVariables(variables, context.token, SECRETS_TOKEN_FILE_VARIABLE)
    variables = {
        # By release 1.1 this is a host name, to be reached over HTTPS.
        CLUSTER_VARIABLE: context.cluster.removeprefix("https://"),
        WORKSPACE_VARIABLE: context.workspace_id,
        PROJECT_VARIABLE: context.project_id,
        USER_VARIABLE: context.owner,
    }
    return RunVariables(variables, context.token, TOKEN_FILE_VARIABLE)


def secret_access(told: RunVariables) -> SecretsLogin:
    """How the node that runs these tasks reads secrets of their run."""
    uri = told.variables.get(SECRETS_URI_VARIABLE, PLATFORM_SECRETS_URI)
    return SecretsLogin(uri=uri, token=told.token)
