"""What an administrator does with users."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from orquestra.engine.auth.caller import Role
from orquestra.engine.auth.tokens import Claims
from orquestra.engine.database.tables import RevokedToken
from orquestra.engine.errors import BadRequest, NotFound
from orquestra.engine.users import service, store
from orquestra.engine.workspaces import service as workspaces
from orquestra.engine.workspaces import store as workspace_store

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def session(services):
    async with services.database.writing() as session:
        yield session


async def memberships(session) -> dict[tuple[str, str], Role]:
    members = await workspace_store.members(session)
    return {
        (workspace, member.user_id): member.role
        for workspace, found in members.items()
        for member in found
    }


async def test_a_user_comes_with_a_personal_workspace_that_has_a_default_project(session):
    await service.add(session, "bob@example.com", is_admin=False, password_hash=None, at=AT)

    assert (await memberships(session))["bob@example.com", "bob@example.com"] is Role.OWNER
    projects = await workspace_store.projects(session, workspace_id="bob@example.com")
    assert [project.id for project in projects] == ["default"]


async def test_making_sure_of_a_user_twice_makes_one(session):
    first = await service.ensure(session, "bob", at=AT)

    assert await service.ensure(session, "bob", at=AT) is first


async def test_a_user_cannot_be_added_twice(session):
    with pytest.raises(BadRequest, match="There is a user 'ada' already"):
        await service.add(session, "ada", is_admin=False, password_hash=None, at=AT)


async def test_who_is_said_to_make_what_nobody_owns_is_no_user_but_may_own_a_machine(session):
    with pytest.raises(BadRequest, match="No user can be named 'administrator'"):
        await service.ensure(session, "administrator", at=AT)

    user = await service.ensure(session, "administrator", at=AT, is_local=True)

    assert await service.ensure(session, "administrator", at=AT) is user


async def test_a_user_cannot_have_the_name_of_a_shared_workspace(session):
    described = workspaces.Description(created_by="ada", at=AT)
    await workspaces.add(session, "team", owner="ada", description=described)

    with pytest.raises(BadRequest, match="workspace 'team'"):
        await service.ensure(session, "team", at=AT)


async def test_who_is_removed_leaves_all_workspaces_but_their_own(session):
    described = workspaces.Description(created_by="ada", at=AT)
    await workspaces.add(session, "team", owner="ada", description=described)

    await service.remove(session, "ada", at=AT)

    assert await memberships(session) == {("ada", "ada"): Role.OWNER, ("eve", "eve"): Role.OWNER}
    assert [user.id for user in await store.listed(session)] == ["eve"]


async def test_who_comes_back_has_no_password_and_no_rights_of_before(session):
    await service.set_admin(session, "ada", is_admin=True)
    await service.set_password(session, "ada", password_hash="kept", at=AT)
    await service.remove(session, "ada", at=AT)

    await service.add(session, "ada", is_admin=False, password_hash=None, at=AT)

    ada = await store.existing(session, "ada")
    assert (ada.is_admin, ada.password_hash, ada.removed) == (False, None, False)


async def test_a_removed_user_gets_no_token_by_the_way(session):
    await service.remove(session, "ada", at=AT)

    with pytest.raises(BadRequest, match="orq engine user add"):
        await service.ensure(session, "ada", at=AT)


@pytest.mark.parametrize(
    "call",
    [
        lambda session: service.remove(session, "bob", at=AT),
        lambda session: service.set_admin(session, "bob", is_admin=True),
        lambda session: service.set_password(session, "bob", password_hash="kept", at=AT),
        lambda session: service.revoke_all(session, "bob", at=AT),
    ],
)
async def test_of_an_unknown_user_it_is_told_who_there_is(session, call):
    with pytest.raises(NotFound, match=r"There is no user 'bob'\. There are: ada, eve\."):
        await call(session)


async def test_the_first_password_ends_no_tokens_and_another_one_does(session):
    ada = await store.existing(session, "ada")

    assert not await service.set_password(session, "ada", password_hash="first", at=AT)
    assert ada.tokens_valid_from is None

    assert await service.set_password(session, "ada", password_hash="second", at=AT)
    assert (ada.password_hash, ada.tokens_valid_from) == ("second", AT)


def claims(identifier: str, *, expires_at: datetime | None = AT, run_id: str | None = None):
    return Claims(id=identifier, user="ada", issued_at=AT, expires_at=expires_at, run_id=run_id)


async def test_a_revoked_token_is_remembered_until_it_expires(session):
    later = AT + timedelta(days=1)
    await service.revoke(session, claims("t-1", expires_at=later), at=AT)
    await service.revoke(session, claims("t-1", expires_at=later), at=AT)
    assert list(await session.scalars(select(RevokedToken.id))) == ["t-1"]

    await service.revoke(session, claims("t-2", expires_at=later + timedelta(days=1)), at=later)

    assert list(await session.scalars(select(RevokedToken.id))) == ["t-2"]


@pytest.mark.parametrize(
    ("token", "way"),
    [
        (claims(""), "orq engine token revoke --user ada"),
        (claims("r-1", expires_at=None, run_id="r-1"), "orq wf stop"),
    ],
)
async def test_of_a_token_that_cannot_be_taken_back_alone_it_is_told_what_can_be_done(
    session, token, way
):
    with pytest.raises(BadRequest, match=way):
        await service.revoke(session, token, at=AT)
