"""Workflows whose tasks use secrets, and where they run."""

from orquestra import sdk

TEAM = "team-a"


@sdk.task
def login(password, *, token):
    return f"{password}/{token}"


@sdk.task
def secrets_of_the_team():
    before = sorted(sdk.secrets.list(workspace_id=TEAM))
    sdk.secrets.set("of-a-task", "first", workspace_id=TEAM)
    sdk.secrets.set("of-a-task", "second", workspace_id=TEAM)
    changed = sdk.secrets.get("of-a-task", workspace_id=TEAM, config_name="ignored")
    sdk.secrets.delete("of-a-task", workspace_id=TEAM)
    after = sorted(sdk.secrets.list(workspace_id=TEAM))
    return before, changed, after == before


@sdk.task
def personal_secret():
    return sdk.secrets.get("password")


@sdk.task
def place():
    context, ids = sdk.current_exec_ctx(), sdk.current_run_ids()
    return context.workspace_id, context.project_id, ids.workflow_run_id, ids.task_invocation_id


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="1Gi"))
def secretive():
    password = sdk.Secret("password", config_name="127")
    token = sdk.Secret("team-token", workspace_id=TEAM)
    return login(password, token=token), secrets_of_the_team(), personal_secret(), place()
