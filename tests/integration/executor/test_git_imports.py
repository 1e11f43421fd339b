"""Git imports, installed by pip from a repository on this machine."""

import shutil
import subprocess
from pathlib import Path

import pytest

from orquestra.executor import virtual_environments
from orquestra.executor.environments import environment_key, requirements
from orquestra.executor.forwarder import Forwarder
from orquestra.executor.git_references import find_commits, moving_imports, with_commits
from orquestra.executor.installation import InstallRequest, InstallResult, install
from orquestra.executor.testing import MemoryEngine, PlanBuilder
from orquestra.sdk.configuration.platform_login import SecretsLogin
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import RunContext
from tests.git_server import GitServer

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="needs git")

# A build backend of its own, so that nothing has to be fetched from an index.
BACKEND = """
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "tool-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.write("tool.py")
        info = "tool-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: tool\\nVersion: 1.0\\n")
        tag = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{info}/WHEEL", tag)
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


class Repository:
    """A bare repository, and a checkout from which it is filled."""

    def __init__(self, folder: Path) -> None:
        self.bare, self.checkout = folder / "tool.git", folder / "checkout"
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        self._git("init", "--quiet", "--initial-branch=main", str(self.checkout))
        (self.checkout / "backend.py").write_text(BACKEND)
        (self.checkout / "pyproject.toml").write_text(PROJECT)

    def publish(self, number: int, *, tag: str | None = None) -> str:
        """Put a new version on the branch; gives its commit."""
        (self.checkout / "tool.py").write_text(f"NUMBER = {number}\n")
        git = ("-C", str(self.checkout))
        self._git(*git, "add", ".")
        self._git(*git, "commit", "--quiet", "--message", f"{number}")
        if tag:
            self._git(*git, "tag", "--annotate", "--message", tag, tag)
        self._git(*git, "push", "--quiet", "--tags", str(self.bare), "HEAD:refs/heads/main")
        return self._git(*git, "rev-parse", "HEAD").strip()

    def definition(self, reference: str, *, url: ir.GitURL | None = None) -> ir.WorkflowDef:
        """A workflow of one task that needs what is at a branch, a tag or a commit."""
        builder = PlanBuilder()
        definition = builder.build(builder.call(print)).definition
        url = url or ir.GitURL(
            original_url="",
            protocol="file",
            host="localhost",
            path=str(self.bare).removeprefix("/"),
        )
        git = ir.GitImport(
            id=ir.ImportId("g"), repo_url=url, git_ref=reference, package_name="tool"
        )
        (task,) = definition.tasks.values()
        task = task.model_copy(update={"dependency_import_ids": [git.id]})
        return definition.model_copy(
            update={"imports": definition.imports | {git.id: git}, "tasks": {task.id: task}}
        )

    def _git(self, *words: str) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        done = subprocess.run(["git", *who, *words], check=True, capture_output=True, text=True)
        return done.stdout


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


@pytest.fixture(autouse=True)
def environments(tmp_path, monkeypatch):
    monkeypatch.setenv("ORQUESTRA_ENVIRONMENTS", str(tmp_path / "environments"))
    # uv builds in its own way, and asks an index even where nothing is required.
    monkeypatch.setattr(virtual_environments, "_uv", lambda _: iter(()))


def pinned(definition: ir.WorkflowDef, access: SecretsLogin | None = None) -> ir.WorkflowDef:
    """A definition as a run that begins now sees it."""
    return with_commits(definition, find_commits(moving_imports(definition), access=access))


def installed(definition: ir.WorkflowDef, access: SecretsLogin | None = None) -> InstallResult:
    """What a run of a definition gets that begins now."""
    definition = pinned(definition, access)
    (invocation,) = definition.task_invocations.values()
    needed = requirements(invocation, definition)
    assert needed
    key = environment_key(needed, image="host")
    return install(InstallRequest(key, needed.packages, (), needed.logins, access))


def reference_of(definition: ir.WorkflowDef) -> str:
    git = definition.imports[ir.ImportId("g")]
    assert isinstance(git, ir.GitImport)
    return git.git_ref


def number(result: InstallResult) -> str:
    assert result.python, result.problem
    code = "import tool; print(tool.NUMBER)"
    return subprocess.check_output([result.python, "-c", code], text=True).strip()


def test_a_branch_that_has_moved_on_is_installed_anew_and_else_nothing_is(repository):
    repository.publish(1)
    definition = repository.definition("main")
    first = installed(definition)
    again = installed(definition)
    repository.publish(2)
    moved = installed(definition)

    assert [number(result) for result in (first, again, moved)] == ["1", "1", "2"]
    assert first.python == again.python
    assert (bool(first.lines), bool(again.lines)) == (True, False)


def test_a_tag_and_a_commit_stay_what_they_are(repository):
    commit = repository.publish(1, tag="v1")
    repository.publish(2)

    for reference in ("v1", commit):
        assert reference_of(pinned(repository.definition(reference))) == commit
    assert number(installed(repository.definition("v1"))) == "1"


def test_a_branch_goes_before_a_tag_of_the_same_name(repository):
    repository.publish(1, tag="main")
    newest = repository.publish(2)

    assert reference_of(pinned(repository.definition("main"))) == newest


def test_a_reference_that_is_not_there_is_told_of_by_the_installer(repository):
    repository.publish(1)
    definition = repository.definition("nowhere")

    result = installed(definition)

    assert reference_of(pinned(definition)) == "nowhere"
    assert result.python is None
    assert "nowhere" in (result.problem or "")


@pytest.fixture
def server(tmp_path):
    server = GitServer(tmp_path)
    server.open()
    yield server
    server.close()


@pytest.fixture
def access(tmp_path):
    """How the password of a repository is read, from an engine that keeps it."""
    context = RunContext(
        owner="ada", workspace_id="ada", project_id="default", cluster="", token="e30.e30.c2ln"
    )
    with MemoryEngine(PlanBuilder().build(context=context), folder=tmp_path) as engine:
        engine.secrets["git-password"] = PASSWORD
        with Forwarder(engine.head_start.engine_socket, host="127.0.0.1", port=0) as forwarder:
            yield SecretsLogin(uri=f"http://127.0.0.1:{forwarder.port}", token=context.token)


PASSWORD = "of-ada-and-nobody-else"


def test_a_private_repository_is_read_with_its_secret_which_stays_nowhere(
    repository, server, access, tmp_path
):
    repository.publish(7)
    server.passwords["tool.git"] = ("ada", PASSWORD)
    secret = ir.SecretNode(id=ir.SecretNodeId("secret-git"), secret_name="git-password")
    parsed = ir.GitURL.model_validate(f"{server.url}/tool.git".replace("://", "://ada@"))
    definition = repository.definition("main", url=parsed.model_copy(update={"password": secret}))

    result = installed(definition, access)

    assert reference_of(pinned(definition, access)) != "main"
    assert number(result) == "7"
    assert PASSWORD not in str(result.lines)
    kept = ["grep", "-rF", PASSWORD, str(tmp_path / "environments")]
    assert subprocess.run(kept, check=False).returncode == 1
