"""Clients of ada, who owns the workspace `team`, and of eve, who is a member of it."""

import pytest

from orquestra.engine.auth.caller import Role
from orquestra.engine.database.tables import Member, Workspace
from orquestra.engine.process.apps import public_app
from tests.unit.engine.conftest import AT, client_of

SECRETS = "/api/config/secrets"
IN_TEAM = f"{SECRETS}/zri:v1::0:team:secret:"
VALUE = "hunter2-is-nowhere-else"


@pytest.fixture
async def team(services):
    described = {"display_name": "Team", "description": "", "created_by": "ada"}
    async with services.database.writing() as session:
        session.add(Workspace(id="team", created_at=AT, updated_at=AT, **described))
        await session.flush()
        session.add(Member(user_id="ada", workspace_id="team", role=Role.OWNER))
        session.add(Member(user_id="eve", workspace_id="team", role=Role.MEMBER))


@pytest.fixture
async def eve(services):
    async with client_of(public_app(services)) as client:
        client.headers["Authorization"] = f"Bearer {services.tokens.issue('eve')}"
        yield client


def new(name: str, value: str = VALUE, workspace: str | None = None) -> dict:
    """A request for a new secret."""
    return {"data": {"name": name, "value": value, "resourceGroup": workspace}}


def changed(value: str) -> dict:
    """A request for another value."""
    return {"data": {"value": value}}
