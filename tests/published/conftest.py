"""What tests share: programs, definitions of both clients, and users of our engine."""

import json
import shutil
import sys
from pathlib import Path

import httpx
import pytest

from tests.published.client import PublishedClient
from tests.published.environment import published_python, run_script
from tests.published.random_programs import write_random_programs
from tests.running_engine import wait_for

FOLDER = Path(__file__).parent
GRACE, ROSA = "grace@example.com", "rosa@example.com"
TEAM, PROJECT = "team-a", "demo"

RUNS = (
    {
        "several": "flows.several().run(CONFIG)",
        "parametrised": "flows.parametrised(1, 2, factor=3)"
        f".run(CONFIG, workspace_id={TEAM!r}, project_id={PROJECT!r})",
        "failing": "flows.failing().run(CONFIG)",
        "secretive": "flows_with_secrets.secretive()"
        f".run(CONFIG, workspace_id={TEAM!r}, project_id={PROJECT!r})",
    },
    {
        "pickled": "flows.pickled().run(CONFIG)",
        "imaged": "flows.in_an_image(IMAGE).run(CONFIG)",
        "dry": "flows.failing().run(CONFIG, dry_run=True)",
        "stopped": "flows.endless().run(CONFIG)",
        "killed": "flows.endless().run(CONFIG)",
    },
)
"""Runs that the tests look at, each with the call that starts it; as many as start at once."""
ENDED = {"SUCCEEDED", "FAILED", "TERMINATED", "KILLED"}


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """A folder with all programs, the random ones too."""
    folder = tmp_path_factory.mktemp("programs")
    shutil.copytree(FOLDER / "programs", folder, dirs_exist_ok=True)
    write_random_programs(folder, programs=300)
    return folder


@pytest.fixture(scope="session")
def outcomes(programs, tmp_path_factory):
    """What both clients make of all programs, and what the published one reads of ours."""
    folder = tmp_path_factory.mktemp("definitions")
    ours, theirs = folder / "ours.json", folder / "theirs.json"
    script = FOLDER / "build_definitions.py"
    run_script(sys.executable, script, ours, cwd=programs)
    run_script(published_python(), script, theirs, ours, cwd=programs)
    return {"ours": json.loads(ours.read_text()), "theirs": json.loads(theirs.read_text())}


@pytest.fixture(scope="session")
def administer(engine):
    """A command of the engine's administrator."""

    def run(*arguments, stdin=None):
        return engine.orq("engine", *arguments, "--data", str(engine.data), stdin=stdin)

    return run


@pytest.fixture(scope="session")
def spaces(administer):
    """Two users; a workspace that both see, with a project, and one that only Rosa sees."""
    for user in (GRACE, ROSA):
        administer("user", "add", user)
    administer("workspace", "add", TEAM, "--name", "Team A", "--owner", GRACE)
    administer("workspace", "member", TEAM, ROSA)
    administer("workspace", "add", "team-b", "--owner", ROSA)
    administer("project", "add", TEAM, PROJECT, "--name", "Demo project")


@pytest.fixture(scope="session")
def newcomer(tmp_path_factory):
    """Makes a user of the published client who is not logged in anywhere."""

    def make(**variables):
        return PublishedClient(home=tmp_path_factory.mktemp("home"), variables=variables)

    return make


@pytest.fixture(scope="session")
def user(engine, spaces, newcomer):
    """Makes a user of the published client with a login."""

    def make(name):
        client = newcomer()
        client.login(engine.url, engine.token(name))
        return client

    return make


@pytest.fixture(scope="session")
def grace(user):
    """Whose runs most tests look at; a member and owner of the team."""
    return user(GRACE)


@pytest.fixture(scope="session")
def rosa(user):
    """Somebody else: a member of the team."""
    return user(ROSA)


@pytest.fixture(scope="session")
def image(custom_image):
    """An image of the user's, with a file in it."""
    return custom_image("greeting", "RUN echo hello from the image > greeting")


@pytest.fixture(scope="session")
def started(grace, image):
    """The id of one of `RUNS`, which begins with its neighbours where it has not yet."""
    ids = {}

    def of(name):
        if name not in ids:
            [wanted] = [calls for calls in RUNS if name in calls]
            ids.update(_start(grace, wanted, image=image))
        return ids[name]

    return of


def _start(client, calls, *, image):
    ids = ", ".join(f"{name!r}: {call}.run_id" for name, call in calls.items())
    return client.python(
        f"""
        import flows, flows_with_secrets

        CONFIG, IMAGE = {client.config!r}, {image!r}
        sdk.secrets.set("password", "of grace", config_name=CONFIG)
        sdk.secrets.set("team-token", "of the team", workspace_id={TEAM!r}, config_name=CONFIG)
        tell({{{ids}}})
        """
    )


@pytest.fixture(scope="session")
def ended(engine, started):
    """The id of one of `RUNS`, once it is over."""
    token = engine.token(GRACE)
    over = set()

    def status(name):
        address = f"{engine.url}/api/workflow-runs/{started(name)}?tasks=false"
        answer = httpx.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        return answer.raise_for_status().json()["data"]["status"]

    def wait(name):
        if name not in over:
            wait_for(
                lambda: status(name)["state"] in ENDED,
                within=200,
                what=lambda: f"the run {name} to end: {status(name)}\n{engine.log}",
            )
            over.add(name)
        return started(name)

    return wait


@pytest.fixture
def with_token(grace, newcomer):
    """A client whose saved login is a token that was never checked, as after a while."""

    def make(token):
        client = newcomer()
        config = json.loads((grace.home / "config.json").read_text())
        config["configs"][grace.config]["runtime_options"]["token"] = token
        (client.home / "config.json").write_text(json.dumps(config))
        return client

    return make
