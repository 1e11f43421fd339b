"""`orq engine user` and `orq engine token`: what an administrator types."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from orquestra.cli.root import root
from orquestra.engine.administration import administer, data_folder
from orquestra.engine.auth.keys import SecretKey
from orquestra.engine.auth.passwords import is_password
from orquestra.engine.auth.tokens import Tokens
from orquestra.engine.database import sessions
from orquestra.engine.database.sessions import Database
from orquestra.engine.database.tables import Cluster, Definition, Run
from orquestra.engine.errors import Unauthorized
from orquestra.engine.users import store
from orquestra.engine.users.callers import caller_of
from orquestra.sdk.schema.workflow_run import State

AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def data(tmp_path):
    return tmp_path / "engine"


@pytest.fixture
def admin(data):
    """Runs a command of `orq engine` on the data folder."""

    def typed(*words: str, stdin: str | bytes | None = None):
        arguments = ["engine", *words, "--data", str(data)]
        return CliRunner().invoke(root, arguments, prog_name="orq", input=stdin)

    return typed


@pytest.fixture
def ask(data):
    """Asks the database as the engine does."""

    def asked(query):
        async def answer():
            database = Database(data / "engine.db")
            try:
                async with database.reading() as session:
                    return await query(session)
            finally:
                await database.close()

        return asyncio.run(answer())

    return asked


@pytest.fixture
def counts(data, ask):
    """Whether a token counts."""

    def counted(token: str) -> bool:
        claims = Tokens(SecretKey.load(data / "keys")).read(token)
        try:
            ask(lambda session: caller_of(session, claims))
        except Unauthorized:
            return False
        return True

    return counted


def listed(orq, data):
    return orq.json("engine", "user", "list", "--data", str(data))["users"]


def test_a_user_is_added_and_listed(orq, admin, data):
    result = admin("user", "add", "ada@example.com", "--admin")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "Added the user 'ada@example.com'." in result.stdout
    assert "orq engine user password" in result.stdout
    (ada,) = listed(orq, data)
    assert datetime.fromisoformat(ada.pop("created")) <= datetime.now(UTC)
    assert ada == {"name": "ada@example.com", "admin": True, "password": False}
    assert "ada@example.com" in admin("user", "list").stdout


def test_a_password_comes_from_standard_input_and_only_its_hash_is_kept(admin, data, ask):
    admin("user", "add", "ada", "--password-stdin", stdin="correct horse\n")

    ada = ask(lambda session: store.existing(session, "ada"))
    assert is_password("correct horse", ada.password_hash)
    assert b"correct horse" not in (data / "engine.db").read_bytes()


def test_a_password_is_typed_twice_at_a_terminal(admin, ask, monkeypatch):
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)

    result = admin("user", "add", "ada", "--password", stdin="correct horse\ncorrect horse\n")

    assert result.exit_code == 0, result.output
    assert "correct horse" not in result.output
    ada = ask(lambda session: store.existing(session, "ada"))
    assert is_password("correct horse", ada.password_hash)


def test_without_a_terminal_the_way_to_give_a_password_is_told(admin):
    result = admin("user", "add", "ada", "--password", stdin="")

    assert result.exit_code == 2
    assert "--password-stdin" in result.stderr


def test_a_new_password_ends_the_tokens_of_before(admin, counts):
    token = admin("token", "--user", "ada").stdout.strip()
    admin("user", "password", "ada", "--password-stdin", stdin="correct horse\n")
    assert counts(token)

    result = admin("user", "password", "ada", "--password-stdin", stdin="better horse\n")

    assert "Their login tokens have ended" in result.stdout
    assert not counts(token)
    assert counts(admin("token", "--user", "ada").stdout.strip())


def test_a_password_can_be_taken_away(orq, admin, data):
    admin("user", "add", "ada", "--password-stdin", stdin="correct horse\n")

    result = admin("user", "password", "ada", "--remove")

    assert "no password any more" in result.stdout
    assert not listed(orq, data)[0]["password"]


@pytest.mark.parametrize(("flag", "is_admin"), [("--yes", True), ("--no", False)])
def test_administrators_come_and_go(orq, admin, data, flag, is_admin):
    admin("user", "add", "ada", *([] if is_admin else ["--admin"]))

    assert admin("user", "admin", "ada", flag).exit_code == 0

    assert listed(orq, data)[0]["admin"] is is_admin


def test_a_removed_user_is_out_at_once_and_can_come_back(orq, admin, data, counts):
    token = admin("token", "--user", "ada").stdout.strip()

    assert admin("user", "remove", "ada").exit_code == 0
    assert not counts(token)
    assert listed(orq, data) == []
    assert "orq engine user add" in admin("token", "--user", "ada").stderr

    assert admin("user", "add", "ada").exit_code == 0
    assert not counts(token)
    assert counts(admin("token", "--user", "ada").stdout.strip())


def test_one_token_is_taken_back_and_others_stay(admin, counts):
    lost, kept = (admin("token", "--user", "ada").stdout.strip() for _ in range(2))

    result = admin("token", "revoke", lost)

    assert result.stdout == "Took back a token of 'ada'.\n"
    assert (counts(lost), counts(kept)) == (False, True)


def test_all_tokens_of_a_user_are_taken_back(admin, counts):
    token = admin("token", "--user", "ada").stdout.strip()

    result = admin("token", "revoke", "--user", "ada")

    assert result.stdout == "Took back all tokens of 'ada'.\n"
    assert not counts(token)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["user", "add", "ada"], 1, "error: There is a user 'ada' already."),
        (["user", "add", "administrator"], 1, "error: No user can be named 'administrator'"),
        (["token", "--user", "administrator"], 1, "error: No user can be named"),
        (["user", "add", "a#b"], 1, "error: The user 'a#b' must not have '#' in it."),
        (["user", "remove", "eve"], 1, "error: There is no user 'eve'. There are: ada."),
        (["user", "password", "eve"], 1, "error: There is no user 'eve'. There are: ada."),
        (["user", "password", "ada", "--remove", "--password-stdin"], 2, "takes no password"),
        (["token", "revoke", "--user", "eve"], 1, "error: There is no user 'eve'."),
        (["token", "revoke", "nonsense"], 1, "error: The login token is not one of this engine."),
        (["token", "revoke"], 2, "Give either a token or --user."),
        (["token", "revoke", "x", "--user", "ada"], 2, "Give either a token or --user."),
        (["token"], 2, "--user"),
        (["token", "--user", "ada", "revoke", "x"], 2, "Write --user behind `revoke`."),
    ],
)
def test_what_cannot_be_done_is_told(admin, words, code, message):
    admin("user", "add", "ada")

    result = admin(*words)

    assert result.exit_code == code
    assert message in result.stderr


def run_of(data, owner: str, *, executing: bool) -> None:
    """Put a run into the database."""
    name = f"{owner} {executing}"
    belonging = {"owner": owner, "workspace_id": owner, "project_id": "default"}
    cluster = Cluster(
        id=name,
        shared=False,
        created_at=AT,
        head_image="base",
        head_cpu=1,
        head_memory=1,
        head_launches=1,
        retired=False,
        released=False,
    )
    definition = Definition(
        id=name, name="w", created_at=AT, sdk_version="", document="{}", **belonging
    )
    run = Run(
        id=name,
        definition_id=name,
        cluster_id=name,
        result_id=name,
        state=State.RUNNING,
        warnings=[],
        created_at=AT,
        dry_run=False,
        total_tasks=1,
        completed_tasks=0,
        executing=executing,
        heads_lost=0,
        **belonging,
    )

    async def add(session) -> None:
        for row in (cluster, definition, run):
            session.add(row)
            await session.flush()

    administer(data_folder(data), add)


ENDINGS = {
    "token revoke --user ada": "Runs of theirs that still execute: 1. They can read secrets until",
    "user password ada --remove": "execute: 1. They can read secrets until `orq wf stop` ends",
    "user remove ada": "Runs of theirs that still execute: 1. They can read no secrets any more",
}


@pytest.mark.parametrize(("words", "sentence"), ENDINGS.items())
def test_runs_that_outlive_the_tokens_of_their_owner_are_told(admin, data, words, sentence):
    admin("user", "add", "ada", "--password-stdin", stdin="correct horse\n")
    admin("user", "add", "eve")
    for owner, executing in (("ada", True), ("ada", False), ("eve", True)):
        run_of(data, owner, executing=executing)

    result = admin(*words.split())

    assert result.exit_code == 0
    assert sentence in result.stdout


@pytest.mark.parametrize("words", ENDINGS)
def test_without_runs_nothing_is_told_of_them(admin, data, words):
    admin("user", "add", "ada", "--password-stdin", stdin="correct horse\n")
    run_of(data, "ada", executing=False)

    assert "execute" not in admin(*words.split()).stdout


def test_a_password_that_is_no_text_is_told(admin, orq, data):
    admin("user", "add", "ada")

    result = admin("user", "password", "ada", "--password-stdin", stdin=b"p\xe4ssword\n")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: the password is no text: it is not in UTF-8")
    assert not listed(orq, data)[0]["password"]


def test_a_list_is_shown_while_the_engine_writes_and_a_change_says_that_it_cannot(
    admin, data, monkeypatch
):
    admin("user", "add", "ada")
    monkeypatch.setattr(sessions, "LOCK_PATIENCE", timedelta(0))
    with closing(sqlite3.connect(data / "engine.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")

        assert "ada" in admin("user", "list").stdout
        for nouns in ("workspace", "project"):
            assert admin(nouns, "list").exit_code == 0
        result = admin("user", "add", "eve")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: The engine is busy writing")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "A password has 8 to 1024 characters."),
        (
            "one line\nand more",
            "A password is one line, without tabs and other control characters.",
        ),
    ],
)
def test_a_password_that_cannot_be_one_is_refused(admin, password, why):
    result = admin("user", "add", "ada", "--password-stdin", stdin=f"{password}\n")

    assert result.exit_code == 1
    assert result.stderr == f"error: {why}\n"


@pytest.mark.parametrize(
    "words",
    [["user", "list"], ["user", "remove", "ada"], ["workspace", "list"], ["token", "revoke", "x"]],
)
def test_a_wrong_folder_is_no_new_engine(admin, data, words):
    result = admin(*words)

    assert result.exit_code == 1
    assert f"no data of an engine in {data}" in result.stderr
    assert not data.exists()
