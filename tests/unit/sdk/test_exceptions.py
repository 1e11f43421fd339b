import inspect
import pickle
import re

import pytest

from orquestra.sdk import exceptions
from orquestra.sdk.exceptions import RuntimeQuerySummaryError
from orquestra.sdk.schema.ir import Version
from orquestra.sdk.schema.workflow_run import State

VERSION = Version(original="2.0.0", major=2, minor=0, patch=0, is_prerelease=False)
RUNTIME = RuntimeQuerySummaryError.RuntimeInfo("CE_REMOTE", "prod-d", "https://prod-d.example.com")

# Spec, section 2.1: each class with the nearest base that release 1.1 has too, and for those that
# take other arguments than one message: the arguments by the names of their attributes.
RELEASE_1_1 = {
    "WorkflowSyntaxError": ("Exception", {"msg": "m"}),
    "BaseRuntimeError": ("Exception", {"message": "m"}),
    "NotFoundError": ("BaseRuntimeError", None),
    "EnvVarNotFoundError": ("NotFoundError", {"message": "m", "var_name": "X"}),
    "WorkflowDefinitionModuleNotFound": (
        "NotFoundError",
        {"module_name": "defs", "sys_path": ["/work", "/lib"]},
    ),
    "NoWorkflowDefinitionsFound": ("NotFoundError", {"module_name": "defs"}),
    "TaskRunLogsNotFound": ("NotFoundError", {"wf_run_id": "run", "task_inv_id": "inv"}),
    "WorkflowRunNotFoundError": ("NotFoundError", None),
    "WorkflowRunNotStarted": ("WorkflowRunNotFoundError", None),
    "RuntimeQuerySummaryError": (
        "NotFoundError",
        {
            "wf_run_id": "run",
            "not_found_runtimes": [RUNTIME],
            "unauthorized_runtimes": [],
            "not_running_runtimes": [],
        },
    ),
    "TaskRunNotFound": ("NotFoundError", None),
    "TaskInvocationNotFoundError": ("NotFoundError", {"invocation_id": "inv"}),
    "WorkflowResultsNotReadyError": ("NotFoundError", None),
    "WorkflowRunIDNotFoundError": ("NotFoundError", None),
    "NoOptionsAvailableError": ("NotFoundError", None),
    "InProcessFromCLIError": ("NotFoundError", None),
    "UserTaskFailedError": (
        "BaseRuntimeError",
        {"message": "m", "wf_run_id": "run", "task_inv_id": "inv"},
    ),
    "ConfigFileNotFoundError": ("BaseRuntimeError", None),
    "ConfigNameNotFoundError": ("BaseRuntimeError", None),
    "RuntimeConfigError": ("BaseRuntimeError", None),
    "LocalConfigLoginError": ("BaseRuntimeError", None),
    "QERemoved": ("BaseRuntimeError", None),
    "InvalidWorkflowDefinitionError": ("BaseRuntimeError", None),
    "InvalidTaskDefinitionError": ("BaseRuntimeError", None),
    "InvalidWorkflowRunLogsError": ("BaseRuntimeError", None),
    "WorkflowRunNotSucceeded": ("BaseRuntimeError", {"message": "m", "state": State.FAILED}),
    "WorkflowRunNotFinished": ("BaseRuntimeError", {"message": "m", "state": State.RUNNING}),
    "WorkflowRunCanNotBeTerminated": ("BaseRuntimeError", None),
    "UnauthorizedError": ("BaseRuntimeError", None),
    "ExpiredTokenError": ("BaseRuntimeError", None),
    "InvalidTokenError": ("BaseRuntimeError", None),
    "RemoteConnectionError": ("BaseRuntimeError", {"uri": "https://prod-d.example.com"}),
    "RayActorNameClashError": ("BaseRuntimeError", None),
    "UserCancelledPrompt": ("BaseRuntimeError", None),
    "LoginURLUnavailableError": ("BaseRuntimeError", {"base_uri": "https://prod-d.example.com"}),
    "ProjectInvalidError": ("BaseRuntimeError", None),
    "WorkspacesNotSupportedError": ("BaseRuntimeError", None),
    "PackagingError": ("BaseRuntimeError", None),
    "RayNotRunningError": ("ConnectionError", None),
    "VersionMismatch": ("Warning", {"args": ("m",), "actual": VERSION, "needed": None}),
    "DirtyGitRepo": ("Warning", None),
    "NodesInTaskResourcesWarning": ("Warning", None),
    "OrquestraSDKVersionMismatchWarning": ("Warning", None),
    "UnsupportedRuntimeFeature": ("Warning", None),
    "IgnoredFieldWarning": ("Warning", None),
    "NotATaskWarning": ("Warning", None),
}

OURS = {
    "OrquestraError": ("Exception", None),
    "FutureNotAValueError": ("NotImplementedError", {"task_name": "f"}),
    "FutureOperationError": ("TypeError", {"msg": "m"}),
    "InvalidPlaceholderInCustomTaskNameError": ("WorkflowSyntaxError", {"msg": "m"}),
    "NoRemoteRepo": ("WorkflowSyntaxError", {"msg": "m"}),
    "NotGitRepo": ("WorkflowSyntaxError", {"msg": "m"}),
    "UnknownPlaceholderInCustomNameWarning": ("Warning", None),
    "ValueNotReadableError": ("BaseRuntimeError", None),
}

ALL = RELEASE_1_1 | OURS

OWN_ERRORS = [
    item
    for item in vars(exceptions).values()
    if inspect.isclass(item)
    and issubclass(item, Exception)
    and item.__module__.startswith("orquestra.")
]


def drawn_edges():
    """Pairs of (parent, child) in the drawing of the module's docstring."""
    path, edges = {}, set()
    for line in exceptions.__doc__.splitlines():
        if match := re.match(r"    (?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: .*)?$", line):
            depth = len(match["branch"]) // 4
            path[depth] = match["name"]
            if depth:
                edges.add((path[depth - 1], match["name"]))
    return edges


def make(name):
    attributes = ALL[name][1]
    arguments = ["m"] if attributes is None else attributes.values()
    if name == "VersionMismatch":
        arguments = ["m", VERSION, None]
    return getattr(exceptions, name)(*arguments)


def test_the_drawn_tree_is_the_tree_of_classes():
    edges = {(error.__bases__[0].__name__, error.__name__) for error in OWN_ERRORS}

    assert drawn_edges() == edges | {("Exception", "Warning")}


def test_the_errors_are_those_of_release_1_1_and_ours():
    assert {error.__name__ for error in OWN_ERRORS} == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_an_error_has_its_bases_and_attributes(name):
    base, attributes = ALL[name]

    error = make(name)

    assert base in {parent.__name__ for parent in type(error).__mro__}
    assert {a: getattr(error, a) for a in attributes or {}} == (attributes or {})
    assert str(error) == "m" or len(str(error)) > 20


@pytest.mark.parametrize("name", ALL)
def test_every_error_survives_pickling(name):
    error = make(name)

    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_errors_with_a_state_survive_pickling_which_they_did_not_in_release_1_1():
    error = exceptions.WorkflowRunNotSucceeded("it failed", State.FAILED)

    copy = pickle.loads(pickle.dumps(error))

    assert (copy.args, copy.state) == (("it failed",), State.FAILED)


def test_a_runtime_error_without_a_message_has_none():
    error = exceptions.BaseRuntimeError()

    assert (error.message, str(error)) == (None, "None")


def test_all_errors_have_one_root():
    errors = [error for error in OWN_ERRORS if not issubclass(error, Warning)]

    assert all(issubclass(error, exceptions.OrquestraError) for error in errors)


def test_the_path_of_a_module_that_is_not_found_is_copied():
    path = ["/work"]
    error = exceptions.WorkflowDefinitionModuleNotFound("defs", path)
    path.clear()

    assert error.sys_path == ["/work"]


def test_a_run_that_nobody_knows_is_told_with_all_that_was_asked():
    local = RuntimeQuerySummaryError.RuntimeInfo("RAY_LOCAL", "local", None)

    error = RuntimeQuerySummaryError("wf-1", [], [RUNTIME], [local])

    assert "prod-d (https://prod-d.example.com): could not be asked" in str(error)
    assert "local: are not running" in str(error)


def test_the_ids_of_a_failed_task_may_be_unknown():
    error = exceptions.UserTaskFailedError("it failed")

    assert (error.wf_run_id, error.task_inv_id) == ("", "")
