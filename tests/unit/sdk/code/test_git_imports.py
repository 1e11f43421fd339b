import re

import pytest

from orquestra import sdk
from orquestra.sdk.code import git_repositories
from orquestra.sdk.code.imports import GithubImport, GitImport, GitImportWithAuth, infer_git_ref
from orquestra.sdk.exceptions import (
    BaseRuntimeError,
    DirtyGitRepo,
    NoRemoteRepo,
    NotGitRepo,
    WorkflowSyntaxError,
)
from tests.unit.sdk.git_places import SSH_URL, Clone

SECRET = sdk.Secret("github-token", workspace_id="team")


@pytest.fixture
def clone(tmp_path):
    clone = Clone(tmp_path)
    clone.commit()
    clone.push()
    return clone


def test_what_is_inferred_is_the_remote_repository_and_the_branch(clone):
    inferred = GitImport.infer(clone.folder)

    assert inferred.resolved() == GitImport(SSH_URL, "main")


def test_a_folder_inside_of_a_repository_will_do(clone):
    inner = clone.folder / "a" / "b"
    inner.mkdir(parents=True)

    assert GitImport.infer(str(inner)).resolved().repo_url == SSH_URL


def test_the_current_folder_at_the_time_of_building_counts(clone, monkeypatch):
    inferred = GitImport.infer()
    monkeypatch.chdir(clone.folder)

    assert inferred.resolved() == GitImport(SSH_URL, "main")


def test_a_given_ref_is_kept(clone):
    clone.git("tag", "v1")

    assert GitImport.infer(clone.folder, "v1").resolved().git_ref == "v1"


def test_an_address_elsewhere_is_kept(clone):
    clone.git("config", "remote.origin.url", "https://example.com/a.git")
    bare = clone.folder.parent / "origin.git"
    clone.git("config", f"url.{bare}.insteadOf", "https://example.com/a.git")

    assert GitImport.infer(clone.folder).resolved().repo_url == "https://example.com/a.git"


def test_a_commit_without_a_branch_is_named_with_a_warning(clone):
    commit = clone.git("rev-parse", "HEAD")
    clone.git("checkout", "--quiet", "--detach")

    with pytest.warns(UserWarning, match="no branch checked out") as warned:
        inferred = GitImport.infer(clone.folder).resolved()

    assert inferred.git_ref == commit
    assert len(warned) == 1


def edit(clone):
    (clone.folder / "tasks.py").write_text("changed")


def stage(clone):
    edit(clone)
    clone.git("add", ".")


def commit_only(clone):
    clone.commit("2")


def branch_only(clone):
    clone.git("checkout", "--quiet", "-b", "mine")


def detached_commit(clone):
    clone.git("checkout", "--quiet", "--detach")
    clone.commit("2")


@pytest.mark.parametrize(
    ("make", "missing"),
    [
        (edit, "changes that are not committed"),
        (stage, "changes that are not committed"),
        (commit_only, "commits of 'main' that are not pushed"),
        (branch_only, "commits of 'mine' that are not pushed"),
        (detached_commit, r"commits of '[0-9a-f]{40}' that are not pushed"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*no branch checked out")
def test_what_is_not_pushed_is_told(clone, make, missing):
    make(clone)

    with pytest.warns(DirtyGitRepo, match=missing) as warned:
        GitImport.infer(clone.folder).resolved()

    told = [warning for warning in warned if warning.category is DirtyGitRepo]
    assert told[0].filename == __file__
    assert len(re.findall("that are not", str(told[0].message))) == 1


def test_files_that_git_does_not_know_are_no_changes(clone):
    (clone.folder / "notes.txt").write_text("mine")

    GitImport.infer(clone.folder).resolved()  # a warning would be an error


def test_a_branch_that_others_have_moved_on_is_pushed(clone, tmp_path):
    # given a colleague who has pushed more
    other = tmp_path / "other"
    clone.git("clone", "--quiet", str(tmp_path / "origin.git"), str(other))
    theirs = Clone.__new__(Clone)
    theirs.folder = other
    theirs.commit("2")
    theirs.push()

    GitImport.infer(clone.folder).resolved()  # a warning would be an error


def test_a_folder_in_no_repository_is_refused(tmp_path):
    for deferred in (GitImport.infer(tmp_path).resolved, infer_git_ref(tmp_path).resolve):
        with pytest.raises(NotGitRepo, match=r"in no git repository.*sdk\.GitImport"):
            deferred()


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(NotGitRepo, match="There is no folder"):
        infer_git_ref(tmp_path / "missing").resolve()


def test_a_repository_without_a_remote_is_refused(clone):
    clone.git("remote", "rename", "origin", "upstream")

    with pytest.raises(NoRemoteRepo, match="git remote add origin"):
        GitImport.infer(clone.folder).resolved()


def test_a_remote_that_cannot_be_read_is_refused(clone):
    clone.git("config", f"url.{clone.folder.parent / 'gone'}.insteadOf", SSH_URL)
    clone.git("config", "remote.origin.url", SSH_URL)

    with pytest.raises(NoRemoteRepo, match=r"cannot be read: .*gone"):
        GitImport.infer(clone.folder).resolved()


def test_a_remote_on_this_machine_is_refused(clone):
    clone.git("config", "remote.origin.url", str(clone.folder.parent / "origin.git"))

    with pytest.raises(NoRemoteRepo, match="names no host"):
        GitImport.infer(clone.folder).resolved()


def test_without_the_program_git_it_is_said_what_to_do(clone, monkeypatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(BaseRuntimeError, match="`git` was not found"):
        infer_git_ref(clone.folder).resolve()


def test_a_git_that_hangs_is_left_behind(clone, monkeypatch):
    monkeypatch.setattr(git_repositories, "LOCAL_PATIENCE", git_repositories.LOCAL_PATIENCE * 0)
    patience = git_repositories.LOCAL_PATIENCE

    with pytest.raises(BaseRuntimeError, match="did not end within 0 seconds"):
        git_repositories._git("status", folder=clone.folder, patience=patience)


def test_a_hook_of_another_repository_does_not_lead_astray(clone, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))

    assert GitImport.infer(clone.folder).resolved().git_ref == "main"


def test_a_ref_can_be_the_commit_at_the_time_of_building(clone):
    deferred = infer_git_ref(clone.folder)
    commit = clone.commit("2")

    assert deferred.resolve() == commit
    assert GitImport("https://example.com/a", git_ref=deferred).git_ref is deferred


def test_a_repository_without_commits_is_told(tmp_path):
    with pytest.raises(WorkflowSyntaxError, match="no commit yet"):
        infer_git_ref(Clone(tmp_path).folder).resolve()


def test_a_repository_on_github_is_named_by_its_owner_and_name():
    assert GithubImport("acme/tasks") == GitImportWithAuth(
        "https://github.com/acme/tasks.git", "main", None, None
    )


def test_github_takes_credentials_and_a_package():
    found = GithubImport("acme/tasks", "v1", "ada", SECRET, "tasks", ["fast", "gpu"])

    assert found == GitImportWithAuth(
        "https://github.com/acme/tasks.git", "v1", "ada", SECRET, "tasks", ("fast", "gpu")
    )
    assert hash(found) == hash(
        GithubImport("acme/tasks", "v1", "ada", SECRET, "tasks", found.extras)
    )


def test_one_extra_can_be_a_text():
    assert GithubImport("acme/tasks", package_name="tasks", extras="fast").extras == ("fast",)


def test_a_token_in_the_program_is_refused_without_repeating_it():
    with pytest.raises(TypeError, match=r"sdk\.secrets\.set.*sdk\.Secret") as refused:
        GithubImport("acme/tasks", personal_access_token="ghp_123")

    assert "ghp_123" not in str(refused.value)


@pytest.mark.parametrize("token", [5, b"ghp", ("a", None, None)])
def test_a_token_that_is_no_secret_is_refused(token):
    with pytest.raises(TypeError, match="must be a secret"):
        GithubImport("acme/tasks", personal_access_token=token)


def test_a_secret_without_a_workspace_is_warned_of():
    with pytest.warns(FutureWarning, match="workspace_id") as warned:
        GithubImport("acme/tasks", personal_access_token=sdk.Secret("token"))

    assert warned[0].filename == __file__


def test_extras_of_no_package_are_refused():
    with pytest.raises(TypeError, match="package_name"):
        GithubImport("acme/tasks", extras="fast")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://ada:hunter2@github.com/acme/tasks", "password"),
        ("", "names no host"),
        ("/home/ada/tasks", "names no host"),
        ("file:///home/ada/tasks", "names no host"),
        ("ftp://example.com/tasks", "git does not speak"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_where_it_stands(url, problem):
    with pytest.raises(ValueError, match=problem) as refused:
        GitImport(url, "main")

    assert "hunter2" not in "".join(map(str, (refused.value, refused.value.__cause__)))


def test_a_ref_that_is_none_is_refused():
    with pytest.raises(TypeError, match=r"git_ref=None.*infer_git_ref"):
        GitImport("https://github.com/acme/tasks", None)


def test_equal_imports_of_git_are_equal():
    assert GitImport("https://a.b/c", "main") == GitImport("https://a.b/c", "main")
    assert len({GitImport.infer("a"), GitImport.infer("a"), GitImport.infer("a", "v1")}) == 2
