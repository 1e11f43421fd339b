"""Git repositories as imports: a task's own code in one, or a package that it needs.

What is deferred, `GitImport.infer` and `infer_git_ref`, looks at a repository of this machine when
a workflow is built. Importing this must stay cheap.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orquestra.sdk.call_sites import warn_user
from orquestra.sdk.exceptions import DirtyGitRepo, NoRemoteRepo
from orquestra.sdk.secret import Secret

if TYPE_CHECKING:
    from orquestra.sdk.code.git_repositories import GitRepository
    from orquestra.sdk.schema import ir

_PROTOCOLS = frozenset({"file", "git", "http", "https", "ssh"})
_GITHUB = "https://github.com/"
_GITHUB_OVER_SSH = "git@github.com:"


@dataclass(frozen=True)
class DeferredGitRef:
    """The commit that is checked out in a repository when a workflow is built."""

    local_repo_path: Path

    def resolve(self) -> str:
        """The hash of the commit.

        Raises:
            NotGitRepo: the folder is in no repository.
        """
        from orquestra.sdk.code.git_repositories import find_repository

        return find_repository(self.local_repo_path).head()


def infer_git_ref(local_repo_path: str | Path = Path()) -> DeferredGitRef:
    """The commit of a repository on this machine, to be given as `git_ref`."""
    return DeferredGitRef(Path(local_repo_path))


@dataclass(frozen=True)
class GitImport:
    """A repository that pip can install from and that anybody may read.

    Args:
        repo_url: its address, like "https://host/path.git" or "git@host:path.git".
        git_ref: a branch, a tag or a commit.

    Raises:
        ValueError: the address is none, or holds a password.
    """

    repo_url: str
    git_ref: str | DeferredGitRef

    def __post_init__(self) -> None:
        parsed_git_url(self.repo_url)
        _check_ref(self.git_ref)

    @staticmethod
    def infer(
        local_repo_path: str | Path = Path(), git_ref: str | None = None
    ) -> "DeferredGitImport":
        """The remote repository of one on this machine, looked up when the workflow is built.

        Args:
            local_repo_path: a folder in the repository.
            git_ref: by default the branch that is checked out.
        """
        return DeferredGitImport(Path(local_repo_path), git_ref)


@dataclass(frozen=True)
class GitImportWithAuth:
    """A repository that pip can install from with credentials.

    Args:
        repo_url: its address, without a password.
        git_ref: a branch, a tag or a commit.
        username: the user to log in as.
        auth_secret: where the password or token is.
        package_name: the package in the repository, where its extras are wanted.
        extras: the extras to install.

    Raises:
        TypeError: the secret is none, or there are extras of no package.
        ValueError: the address is none, or holds a password.
    """

    repo_url: str
    git_ref: str | DeferredGitRef
    username: str | None
    auth_secret: Secret | None
    package_name: str | None = None
    extras: str | tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        parsed_git_url(self.repo_url)
        _check_ref(self.git_ref)
        _check_secret(self.auth_secret, name="auth_secret")
        object.__setattr__(self, "extras", _as_extras(self.extras))
        if self.extras and self.package_name is None:
            raise TypeError(f"extras={self.extras!r} are of no package. Name it: package_name=...")


@dataclass(frozen=True)
class DeferredGitImport:
    """What `GitImport.infer` gives."""

    local_repo_path: Path
    git_ref: str | None

    def resolved(self) -> GitImport:
        """The import that it is at this moment; warns of what would be missing from it.

        Raises:
            NotGitRepo: the folder is in no repository.
            NoRemoteRepo: the repository has no remote `origin`, or tasks could not read that.
        """
        from orquestra.sdk.code.git_repositories import find_repository

        repository = find_repository(self.local_repo_path)
        url = repository.remote_url()
        if url.startswith(_GITHUB):
            url = url.replace(_GITHUB, _GITHUB_OVER_SSH, 1)
        ref = self.git_ref or repository.branch() or _detached(repository)
        _warn_of_what_is_missing(repository, ref=ref)
        try:
            return GitImport(url, ref)
        except ValueError as error:
            raise NoRemoteRepo(
                f"The remote repository of {repository.folder} cannot be used by tasks: {error}. "
                "Name one that can: sdk.GitImport(repo_url=..., git_ref=...)."
            ) from error


def GithubImport(  # noqa: N802 - the public name and signature
    repo: str,
    git_ref: str | DeferredGitRef = "main",
    username: str | None = None,
    personal_access_token: Secret | None = None,
    package_name: str | None = None,
    extras: str | Iterable[str] | None = None,
) -> GitImportWithAuth:
    """A repository on GitHub that pip can install from.

    Args:
        repo: its owner and name, like "owner/name".
        git_ref: a branch, a tag or a commit.
        username: the user that the token belongs to.
        personal_access_token: where the token is, for repositories that not everybody may read.
        package_name: the package in the repository, where its extras are wanted.
        extras: the extras to install.

    Raises:
        TypeError: the token is no secret, or there are extras of no package.
    """
    _check_secret(personal_access_token, name="personal_access_token")
    if personal_access_token is not None and personal_access_token.workspace_id is None:
        warn_user(
            f"The secret {personal_access_token.name!r} names no workspace, so it is looked for in "
            "the personal one. Name its workspace: sdk.Secret(..., workspace_id=...).",
            FutureWarning,
        )
    return GitImportWithAuth(
        repo_url=f"{_GITHUB}{repo}.git",
        git_ref=git_ref,
        username=username,
        auth_secret=personal_access_token,
        package_name=package_name,
        extras=_as_extras(extras),
    )


def parsed_git_url(url: str) -> "ir.GitURL":
    """The address of a repository in parts.

    Raises:
        ValueError: it names no host, holds a password, or has a protocol that git does not speak.
    """
    import pydantic

    from orquestra.sdk.schema import ir

    try:
        parsed = ir.GitURL.model_validate(url)
    except pydantic.ValidationError as error:
        # Its own text would show the address, with a password that it may hold.
        raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    if parsed.protocol.removeprefix("git+") not in _PROTOCOLS:
        raise ValueError(
            f"{url!r} begins with {parsed.protocol!r}, which git does not speak. It speaks "
            f"{', '.join(sorted(_PROTOCOLS))}."
        )
    return parsed


def _check_ref(git_ref: Any) -> None:
    if not isinstance(git_ref, str | DeferredGitRef):
        raise TypeError(
            f"git_ref={git_ref!r} is neither a branch, a tag nor a commit. Write its name, or "
            "sdk.infer_git_ref()."
        )


def _check_secret(secret: Any, *, name: str) -> None:
    if secret is None or isinstance(secret, Secret):
        return
    # Never with the value: it may be the very token.
    problem = f"{name} must be a secret, not of the type {type(secret).__name__}."
    if isinstance(secret, str):
        problem += (
            " A token must not stand in a program: save it with sdk.secrets.set(...), then write "
            f'{name}=sdk.Secret("its name", workspace_id=...).'
        )
    raise TypeError(problem)


def _as_extras(extras: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if extras is None:
        return None
    return (extras,) if isinstance(extras, str) else tuple(extras)


def _detached(repository: "GitRepository") -> str:
    commit = repository.head()
    warn_user(
        f"The git repository {repository.folder} has no branch checked out, so tasks get the "
        f"commit {commit}. Check out a branch, or give git_ref=... to say what you mean."
    )
    return commit


def _warn_of_what_is_missing(repository: "GitRepository", *, ref: str) -> None:
    refs = repository.remote_refs()
    if repository.has_branch(ref):
        pushed = repository.is_branch_pushed(ref, remote_refs=refs)
    else:  # a tag, or a commit: known here or not
        pushed = ref != repository.head() or repository.is_commit_pushed(ref, remote_refs=refs)
    missing = {
        "changes that are not committed": repository.has_changes(),
        f"commits of {ref!r} that are not pushed": not pushed,
    }
    if any(missing.values()):
        told = " and ".join(what for what, is_missing in missing.items() if is_missing)
        warn_user(
            f"The git repository {repository.folder} has {told}. Tasks get their code from its "
            "remote repository, without them. Commit and push.",
            DirtyGitRepo,
        )
