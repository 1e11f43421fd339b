"""Which tokens count, and what they let their bearers do."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from orquestra.engine.auth.caller import Role
from orquestra.engine.errors import Unauthorized
from orquestra.engine.users import callers, service
from orquestra.engine.workspaces import service as workspaces
from tests.unit.engine.conftest import asked_of, finished, started

pytestmark = pytest.mark.anyio


@pytest.fixture
def caller_of(services):
    """Gives who asks with a token."""

    async def found(token: str):
        async with services.database.reading() as session:
            return await callers.caller_of(session, services.tokens.read(token))

    return found


@pytest.fixture
def change(services):
    """Does something to the database."""

    async def changed(work, *arguments, **options) -> None:
        async with services.database.writing() as session:
            await work(session, *arguments, **options)

    return changed


@pytest.fixture
async def run_token(services, submit):
    """Gives the token of a run that executes, and the run's id."""
    run_id = await submit()
    created_at = datetime.now(UTC)
    return run_id, services.tokens.of_run(run_id, owner="ada", created_at=created_at)


async def test_a_user_has_a_workspace_of_their_own(services, caller_of):
    caller = await caller_of(services.tokens.issue("ada"))

    assert (caller.user, caller.is_admin, caller.run_id) == ("ada", False, None)
    assert caller.workspaces == {"ada": Role.OWNER}


async def test_who_asks_is_known_by_one_query(services, caller_of):
    token = services.tokens.issue("ada")
    asked = asked_of(services)

    await caller_of(token)

    assert [query.split()[0] for query in asked] == ["BEGIN", "SELECT"]


async def test_a_user_who_never_was_is_nobody(services, caller_of):
    with pytest.raises(Unauthorized, match=r"no user 'mallory' .*`orq engine user add`"):
        await caller_of(services.tokens.issue("mallory"))


async def test_a_token_that_was_taken_back_counts_no_more_and_others_do(
    services, caller_of, change
):
    lost, kept = services.tokens.issue("ada"), services.tokens.issue("ada")

    await change(service.revoke, services.tokens.read(lost), at=datetime.now(UTC))

    with pytest.raises(Unauthorized, match="taken back"):
        await caller_of(lost)
    assert (await caller_of(kept)).user == "ada"


async def test_all_tokens_of_a_user_can_be_taken_back_and_new_ones_count_at_once(
    services, caller_of, change
):
    old, of_eve = services.tokens.issue("ada"), services.tokens.issue("eve")

    await change(service.revoke_all, "ada", at=datetime.now(UTC))

    with pytest.raises(Unauthorized, match="taken back"):
        await caller_of(old)
    assert (await caller_of(services.tokens.issue("ada"))).user == "ada"
    assert (await caller_of(of_eve)).user == "eve"


async def test_a_token_of_an_older_release_knows_its_whole_second_only_and_rather_ends(
    services, caller_of, change
):
    at = datetime.now(UTC).replace(microsecond=500_000)
    claims = {"sub": "ada", "iat": int(at.timestamp()), "exp": at + timedelta(days=1)}
    old = jwt.encode(claims, services.tokens._signing_key, algorithm="HS256")
    assert (await caller_of(old)).user == "ada"

    await change(service.revoke_all, "ada", at=at)

    with pytest.raises(Unauthorized):
        await caller_of(old)


async def test_a_removed_user_is_nobody_at_once_and_old_tokens_stay_void_ever_after(
    services, caller_of, change
):
    token = services.tokens.issue("ada")

    await change(service.remove, "ada", at=datetime.now(UTC))
    with pytest.raises(Unauthorized, match="no user 'ada'"):
        await caller_of(token)

    await change(service.add, "ada", is_admin=False, password_hash=None, at=datetime.now(UTC))
    with pytest.raises(Unauthorized, match="taken back"):
        await caller_of(token)
    assert (await caller_of(services.tokens.issue("ada"))).workspaces == {"ada": Role.OWNER}


async def test_the_token_of_a_run_opens_its_workspace_and_its_owners_own_and_is_no_administrator(
    caller_of, change, run_token
):
    run_id, token = run_token
    described = workspaces.Description(created_by="ada", at=datetime.now(UTC))
    await change(workspaces.add, "ws-other", owner="ada", description=described)
    await change(service.set_admin, "ada", is_admin=True)

    caller = await caller_of(token)

    assert (caller.user, caller.run_id, caller.is_admin) == ("ada", run_id, False)
    assert caller.workspaces == {"ada": Role.OWNER}


@pytest.fixture
def watch():
    """The time of a clock, which a test moves."""
    return [0.0]


@pytest.fixture
def known(services, watch):
    """Callers that are known for a second."""
    return callers.Callers(services.database, memory=timedelta(seconds=1), clock=lambda: watch[0])


async def test_whoever_has_just_asked_is_known_without_a_query(services, known, watch):
    claims = services.tokens.read(services.tokens.issue("ada"))
    first = await known.of(claims)
    asked = asked_of(services)

    watch[0] = 0.99
    assert await known.of(claims) == first
    assert asked == []

    watch[0] = 1
    assert await known.of(claims) == first
    assert len(asked) == 2


async def test_a_token_that_was_taken_back_counts_for_a_second_at_most(
    services, known, watch, change
):
    claims = services.tokens.read(services.tokens.issue("ada"))
    await known.of(claims)
    await change(service.revoke, claims, at=datetime.now(UTC))
    assert (await known.of(claims)).user == "ada"

    watch[0] = 1
    with pytest.raises(Unauthorized, match="taken back"):
        await known.of(claims)


async def test_tokens_of_one_user_are_known_one_by_one(services, known, change):
    lost, kept = (services.tokens.read(services.tokens.issue("ada")) for _ in range(2))
    await known.of(kept)

    await change(service.revoke, lost, at=datetime.now(UTC))

    with pytest.raises(Unauthorized, match="taken back"):
        await known.of(lost)


async def test_runs_and_strangers_are_asked_for_each_time(services, known, change, run_token):
    _, token = run_token
    of_run, of_mallory = (
        services.tokens.read(text) for text in (token, services.tokens.issue("mallory"))
    )
    assert (await known.of(of_run)).user == "ada"
    with pytest.raises(Unauthorized):
        await known.of(of_mallory)

    await change(service.ensure, "mallory", at=datetime.now(UTC))
    await change(service.remove, "ada", at=datetime.now(UTC))

    assert (await known.of(of_mallory)).user == "mallory"
    with pytest.raises(Unauthorized):
        await known.of(of_run)


async def test_those_who_asked_last_are_known(services, known, monkeypatch):
    monkeypatch.setattr(callers, "_MOST_KNOWN", 2)
    first, *others = (services.tokens.read(services.tokens.issue("ada")) for _ in range(3))
    for claims in (first, *others):
        await known.of(claims)
    asked = asked_of(services)

    for claims in others:
        await known.of(claims)
    assert asked == []
    await known.of(first)
    assert asked != []


async def test_an_engine_for_tests_asks_each_time(services):
    claims = services.tokens.read(services.tokens.issue("ada"))
    await services.callers.of(claims)
    asked = asked_of(services)

    await services.callers.of(claims)

    assert len(asked) == 2


async def test_the_token_of_a_run_ends_with_the_run(caller_of, head_of, run_token):
    run_id, token = run_token
    assert (await caller_of(token)).run_id == run_id

    await head_of(run_id).tell(1, [started(run_id), finished(run_id)])

    with pytest.raises(Unauthorized, match="a run that is over"):
        await caller_of(token)


async def test_the_token_of_a_run_names_its_true_owner(services, caller_of, run_token):
    run_id, _ = run_token
    forged = services.tokens.of_run(run_id, owner="eve", created_at=datetime.now(UTC))

    with pytest.raises(Unauthorized):
        await caller_of(forged)


async def test_a_run_goes_on_when_the_tokens_of_its_owner_are_taken_back_but_not_without_them(
    caller_of, change, run_token
):
    run_id, token = run_token

    await change(service.revoke_all, "ada", at=datetime.now(UTC))
    assert (await caller_of(token)).run_id == run_id

    await change(service.remove, "ada", at=datetime.now(UTC))
    with pytest.raises(Unauthorized):
        await caller_of(token)


async def test_the_token_of_a_run_is_no_login(user, run_token):
    _, token = run_token

    answer = await user.get("/api/workflow-runs", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 403
    assert "opens its secrets and nothing else" in answer.json()["detail"]


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "x"}])
async def test_a_request_without_a_token_is_told_to_log_in(user, header):
    del user.headers["Authorization"]

    answer = await user.get("/api/catalog/workspaces", headers=header)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "orq login" in answer.json()["detail"]
