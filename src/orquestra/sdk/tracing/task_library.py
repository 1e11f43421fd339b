"""The tasks and imports that one workflow uses, as its definition lists them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from orquestra.sdk.call_sites import CallSite, definition_site, located, warn_user
from orquestra.sdk.code.functions import encode_function, module_reference
from orquestra.sdk.code.import_library import ImportLibrary, id_digest
from orquestra.sdk.code.imports import Import, InlineImport, LocalImport, PythonImports
from orquestra.sdk.code.local_modules import source_files
from orquestra.sdk.exceptions import (
    InvalidTaskDefinitionError,
    NodesInTaskResourcesWarning,
    WorkflowSyntaxError,
)
from orquestra.sdk.schema import ir
from orquestra.sdk.tracing.caching import cache_policy_model
from orquestra.sdk.tracing.resources import Resources, check_resources
from orquestra.sdk.tracing.retries import retry_policy_model
from orquestra.sdk.tracing.tasks import TaskDef

MAX_NAME_LENGTH = 128

_PARAMETER_KINDS = {
    "VAR_POSITIONAL": ir.ParameterKind.VAR_POSITIONAL,
    "VAR_KEYWORD": ir.ParameterKind.VAR_KEYWORD,
}


def clean_name(text: str) -> str:
    """A text as Kubernetes allows it in names: lower case, digits and dashes, not too long."""
    return re.sub("[^a-z0-9-]", "-", text.lower())[:MAX_NAME_LENGTH]


def resources_model(resources: Resources) -> ir.Resources | None:
    """Resources as definitions hold them; None where nothing is asked for."""
    if resources.is_empty():
        return None
    cpu, memory, disk, gpu = (
        None if amount is None else str(amount)
        for amount in (resources.cpu, resources.memory, resources.disk, resources.gpu)
    )
    return ir.Resources(cpu=cpu, memory=memory, disk=disk, gpu=gpu, nodes=resources.nodes)


class TaskLibrary:
    """Collects tasks and imports as they are met.

    The workflow's defaults apply to its own definition only and leave the tasks as they are.
    """

    def __init__(
        self,
        *,
        default_source_import: Import | None,
        default_dependency_imports: tuple[Import, ...] | None,
    ) -> None:
        self._default_source = default_source_import
        self._default_dependencies = default_dependency_imports
        self._imports = ImportLibrary()
        self._task_ids: dict[TaskDef[..., Any], ir.TaskDefId] = {}
        self.tasks: dict[ir.TaskDefId, ir.TaskDef] = {}

    def add(self, task: TaskDef[..., Any]) -> ir.TaskDefId:
        """Meet a task, any number of times.

        Raises:
            InvalidTaskDefinitionError: the task can never run.
            WorkflowSyntaxError: its code or its imports cannot be sent.
        """
        if task not in self._task_ids:
            model = self._model(task)
            self._task_ids[task] = model.id
            self.tasks[model.id] = model
        return self._task_ids[task]

    def imports(self) -> dict[ir.ImportId, ir.Import]:
        """All imports of the tasks met so far, the SDK's own last."""
        return self._imports.models()

    def source_files(self) -> dict[str, str]:
        """Local modules that the tasks met so far import, by their paths; they travel along.

        Raises:
            WorkflowSyntaxError: one cannot be read, or they are too large.
        """
        tasks = self._task_ids
        inline = (task.__wrapped__ for task in tasks if self.is_inline(task))
        local = (task.__wrapped__ for task in tasks if isinstance(self._source(task), LocalImport))
        return source_files(inline, imported=local)

    def is_inline(self, task: TaskDef[..., Any]) -> bool:
        """Whether the task's function travels in the definition, with its own module."""
        return isinstance(self._source(task), InlineImport)

    def _source(self, task: TaskDef[..., Any]) -> Import:
        return task.options.source_import or self._default_source or InlineImport()

    def _model(self, task: TaskDef[..., Any]) -> ir.TaskDef:
        options = task.options
        _check_env_vars(options.env_vars, owner=_owner(task))
        source = self._source(task)
        source_id, *with_source = self._imports.ids(source)
        dependency_ids = self._dependency_ids(task, source=source)
        others = dict.fromkeys([*with_source, *dependency_ids, self._imports.sdk_id()])
        anonymous = ir.TaskDef(
            id=ir.TaskDefId(""),
            fn_ref=_function_ref(task, source=source),
            parameters=_parameters(task),
            output_metadata=ir.TaskOutputMetadata(
                is_subscriptable=task.output.is_subscriptable, n_outputs=task.output.n_outputs
            ),
            source_import_id=source_id,
            dependency_import_ids=[found for found in others if found != source_id],
            resources=resources_model(_task_resources(task)),
            max_retries=options.max_retries,
            custom_image=options.custom_image,
            retry_policy=retry_policy_model(options.retry_policy),
            timeout_seconds=None if options.timeout is None else options.timeout.total_seconds(),
            cache=cache_policy_model(options.cache, fn=task.__wrapped__),
        )
        task_id = _task_id(task.__name__, digest=id_digest(anonymous.model_dump_json()))
        return anonymous.model_copy(update={"id": task_id})

    def _dependency_ids(self, task: TaskDef[..., Any], *, source: Import) -> list[ir.ImportId]:
        dependencies = task.options.dependency_imports
        if dependencies is None:
            dependencies = self._default_dependencies or ()
        _refuse_contradictions((source, *dependencies), owner=_owner(task))
        return [import_id for item in dependencies for import_id in self._imports.ids(item)]


def check_invocation(
    name: str,
    *,
    resources: Resources,
    env_vars: Mapping[str, str] | None,
    site: CallSite | None,
) -> None:
    """Refuse resources and environment variables that no task call can have.

    Raises:
        InvalidTaskDefinitionError: the first thing that is wrong.
    """
    owner = located(f"Task `{name}`", at=site)
    check_resources(resources, owner=owner)
    _check_env_vars(env_vars, owner=owner)


def _check_env_vars(env_vars: Mapping[str, str] | None, *, owner: str) -> None:
    for name, value in (env_vars or {}).items():
        if not (isinstance(name, str) and isinstance(value, str)):
            raise InvalidTaskDefinitionError(
                f"{owner} sets the environment variable {name!r} to {value!r}. "
                "Names and values must be texts: put quotes around them."
            )


def _task_id(name: str, *, digest: str) -> ir.TaskDefId:
    """A long name is cut, never the digest, which keeps tasks of one name apart."""
    start = clean_name(f"task-{name}")[: MAX_NAME_LENGTH - len(digest) - 1]
    return ir.TaskDefId(f"{start}-{digest}")


def _task_resources(task: TaskDef[..., Any]) -> Resources:
    resources = task.options.resources
    if resources.nodes is not None:
        warn_user(
            f"{_owner(task)} asks for nodes={resources.nodes}, which has no meaning on a task. Ask "
            "for nodes in the workflow's resources.",
            NodesInTaskResourcesWarning,
        )
    resources = resources._replace(nodes=None)
    check_resources(resources, owner=_owner(task))
    return resources


def _owner(task: TaskDef[..., Any]) -> str:
    return located(f"Task `{task.__name__}`", at=definition_site(task.__wrapped__))


def _refuse_contradictions(dependencies: Iterable[Import], *, owner: str) -> None:
    """Refuse a package named differently by two imports; markers may tell the two apart."""
    first: dict[str, tuple[str, Import]] = {}
    for item in dependencies:
        for requirement in item.requirements() if isinstance(item, PythonImports) else ():
            if requirement.marker is not None:
                continue
            text, source = first.setdefault(
                canonicalize_name(requirement.name), (str(requirement), item)
            )
            if text != str(requirement):
                raise WorkflowSyntaxError(
                    f"{owner} names the package {requirement.name!r} twice: {text!r} in {source!r} "
                    f"and {str(requirement)!r} in {item!r}. Name it once."
                )


def _function_ref(task: TaskDef[..., Any], *, source: Import) -> ir.FunctionRef:
    fn = task.__wrapped__
    if not isinstance(source, InlineImport):
        return module_reference(fn, owner=_owner(task))
    return ir.InlineFunctionRef(function_name=task.__name__, encoded_function=encode_function(fn))


def _parameters(task: TaskDef[..., Any]) -> list[ir.TaskParameter]:
    named = ir.ParameterKind.POSITIONAL_OR_KEYWORD
    return [
        ir.TaskParameter(name=parameter.name, kind=_PARAMETER_KINDS.get(parameter.kind.name, named))
        for parameter in task.signature.parameters.values()
    ]
