"""Workflows: functions that call tasks and return their results."""

import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, overload

from orquestra.sdk.call_sites import definition_site, located, user_call_site, warn_user
from orquestra.sdk.code.imports import Import, as_imports
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.execution_context import building
from orquestra.sdk.tracing.custom_names import render_workflow_name
from orquestra.sdk.tracing.ignored_results import warn_if_ignored
from orquestra.sdk.tracing.not_tasks import warn_of_calls_that_are_no_tasks
from orquestra.sdk.tracing.options import (
    checked_image,
    checked_name_template,
    checked_resources,
    checked_source_import,
)
from orquestra.sdk.tracing.resources import (
    NO_UPDATE,
    DataAggregation,
    NoUpdate,
    Resources,
    ResourcesUpdate,
    gpu_count,
)

if TYPE_CHECKING:
    import graphviz

    from orquestra.sdk.configuration.config import RuntimeConfig
    from orquestra.sdk.runs.workflow_runs import WorkflowRun
    from orquestra.sdk.schema import ir

P = ParamSpec("P")

_CHANGING = ("with_resources", "with_head_node_resources", "with_head_node_image")


@dataclass(frozen=True, kw_only=True)
class WorkflowOptions:
    """What a workflow's decorator says."""

    resources: Resources
    head_node_resources: Resources | None
    custom_name: str | None
    default_source_import: Import | None
    default_dependency_imports: tuple[Import, ...] | None
    head_node_image: str | None


class WorkflowDef:
    """A workflow with its arguments, ready to run.

    Nothing is computed yet: each access to `model`, and each `run`, runs the workflow function
    once, to see which tasks it calls.
    """

    def __init__(
        self, fn: FunctionType, *, arguments: inspect.BoundArguments, options: WorkflowOptions
    ) -> None:
        self._fn = fn
        self._arguments = arguments
        self._options = options
        self.name = _name(fn, arguments=arguments, template=options.custom_name)

    @property
    def model(self) -> "ir.WorkflowDef":
        """The definition of the workflow, as it is sent to a Compute Engine.

        Raises:
            WorkflowSyntaxError: the workflow cannot be sent; the message says what to change.
            InvalidTaskDefinitionError: a task can never run.

        Whatever else the workflow function raises comes out as it is.
        """
        from orquestra.sdk.tracing.graph import WorkflowSource, build_definition

        with building():
            returned = self._fn(*self._arguments.args, **self._arguments.kwargs)
        source = WorkflowSource(
            name=self.name, fn=self._fn, returned=returned, options=self._options
        )
        return build_definition(source)

    @property
    def graph(self) -> "graphviz.Digraph":
        """A drawing of the definition, which it builds; notebooks show it as it is.

        Rendering it needs the program `dot` of Graphviz on this machine.
        """
        from orquestra.sdk.tracing.drawing import drawn

        return drawn(self.model)

    @property
    def fn_ref(self) -> "ir.ModuleFunctionRef":
        """Where the workflow function stands."""
        from orquestra.sdk.code.functions import named_reference

        return named_reference(self._fn)

    @property
    def data_aggregation(self) -> DataAggregation | None:
        """The resources of the head node, if any were asked for."""
        head = self._options.head_node_resources
        return None if head is None else DataAggregation(resources=head)

    @property
    def default_source_import(self) -> Import | None:
        """Where the code of tasks comes from that do not say it themselves."""
        return self._options.default_source_import

    @property
    def default_dependency_imports(self) -> tuple[Import, ...] | None:
        """What tasks need that do not say it themselves."""
        return self._options.default_dependency_imports

    def with_resources(
        self,
        *,
        cpu: str | NoUpdate | None = NO_UPDATE,
        memory: str | NoUpdate | None = NO_UPDATE,
        disk: str | NoUpdate | None = NO_UPDATE,
        gpu: str | int | NoUpdate | None = NO_UPDATE,
        nodes: int | NoUpdate | None = NO_UPDATE,
    ) -> "WorkflowDef":
        """The same workflow on other nodes; None clears an amount."""
        update = ResourcesUpdate(cpu=cpu, memory=memory, disk=disk, gpu=gpu, nodes=nodes)
        resources = checked_resources(update.apply(self._options.resources))
        return self._with(replace(self._options, resources=resources))

    def with_head_node_resources(
        self,
        *,
        cpu: str | NoUpdate | None = NO_UPDATE,
        memory: str | NoUpdate | None = NO_UPDATE,
        disk: str | NoUpdate | None = NO_UPDATE,
    ) -> "WorkflowDef":
        """The same workflow with another head node; None clears an amount."""
        update = ResourcesUpdate(cpu=cpu, memory=memory, disk=disk)
        old = self._options.head_node_resources or Resources()
        resources = checked_resources(update.apply(old))
        return self._with(replace(self._options, head_node_resources=resources))

    def with_head_node_image(self, *, image: str | None) -> "WorkflowDef":
        """The same workflow with another image of its head node; None means the default one."""
        checked = checked_image(image, name="image")
        return self._with(replace(self._options, head_node_image=checked))

    def run(
        self,
        config: "str | RuntimeConfig",
        project_dir: str | Path | None = None,
        workspace_id: str | None = None,
        project_id: str | None = None,
        dry_run: bool = False,
    ) -> "WorkflowRun":
        """Start the workflow: on a Compute Engine, on the local runtime or in this process.

        Args:
            config: what to run it on, by the name of its saved configuration or as an object.
            project_dir: has no meaning any more; it keeps the place of the arguments after it.
            workspace_id: where the run belongs; by default ORQ_CURRENT_WORKSPACE says it.
            project_id: the same for ORQ_CURRENT_PROJECT. Give both or neither.
            dry_run: do everything except running the code of the tasks.

        Raises:
            WorkflowSyntaxError: the workflow cannot be sent, or the engine refused it.
            WorkflowRunNotStarted: the engine refused to run it; the message has its reason.
            ProjectInvalidError: only one of workspace and project is known.
        """
        from orquestra.sdk.runs.workflow_runs import WorkflowRun, warn_of_project_dir

        warn_of_project_dir(project_dir)
        return WorkflowRun.start_from_ir(
            self.model,
            config,
            workspace_id=workspace_id,
            project_id=project_id,
            dry_run=dry_run,
        )

    def __repr__(self) -> str:
        return f"<workflow {self.name}>"

    def _repr_html_(self) -> str:
        from orquestra.sdk.displays import workflow_html

        return workflow_html(self.model)

    def _with(self, options: WorkflowOptions) -> "WorkflowDef":
        warn_if_ignored(*_CHANGING)
        return WorkflowDef(self._fn, arguments=self._arguments, options=options)


class WorkflowTemplate(Generic[P]):
    """What `@workflow` makes of a function. Call it with arguments to get a `WorkflowDef`."""

    __name__: str

    def __init__(self, fn: Callable[P, Any], *, options: WorkflowOptions) -> None:
        if not isinstance(fn, FunctionType):
            raise TypeError(f"A workflow is made of a Python function, not of {fn!r}")
        functools.update_wrapper(self, fn)
        self._fn = fn
        self._options = options
        self._signature = inspect.signature(fn)

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> WorkflowDef:
        """The workflow with these arguments; its function does not run yet.

        Raises:
            WorkflowSyntaxError: the arguments do not fit the function.
        """
        warn_of_calls_that_are_no_tasks(self._fn)
        try:
            arguments = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            problem = (
                f"Workflow `{self.__name__}` cannot be called so: {error}. "
                f"Its parameters are {self._signature}."
            )
            site = user_call_site() or definition_site(self._fn)
            raise WorkflowSyntaxError(located(problem, at=site)) from error
        return WorkflowDef(
            self._fn, arguments=arguments, options=_without_head_gpu(self._options, self._fn)
        )

    @property
    def is_parametrized(self) -> bool:
        """Whether the function has parameters."""
        return bool(self._signature.parameters)

    @property
    def model(self) -> "ir.WorkflowDef":
        """The definition of a workflow without parameters.

        Raises:
            NotImplementedError: the workflow has parameters; call it first.
        """
        if self.is_parametrized:
            raise NotImplementedError(
                f"Workflow `{self.__name__}` has parameters {self._signature}. "
                f"Call it with arguments first: `{self.__name__}(...).model`."
            )
        return WorkflowTemplate.__call__(self).model  # type: ignore[call-arg]  # it has no parameters

    def __repr__(self) -> str:
        return f"<workflow template {self.__name__}>"


@overload
def workflow(fn: Callable[P, Any]) -> WorkflowTemplate[P]: ...


@overload
def workflow(
    *,
    resources: Resources | None = None,
    head_node_resources: Resources | None = None,
    data_aggregation: object = None,
    custom_name: str | None = None,
    default_source_import: Import | None = None,
    default_dependency_imports: Import | Iterable[Import] | None = None,
    head_node_image: str | None = None,
) -> Callable[[Callable[P, Any]], WorkflowTemplate[P]]: ...


@overload
def workflow(
    fn: Callable[P, Any],
    *,
    resources: Resources | None = None,
    head_node_resources: Resources | None = None,
    data_aggregation: object = None,
    custom_name: str | None = None,
    default_source_import: Import | None = None,
    default_dependency_imports: Import | Iterable[Import] | None = None,
    head_node_image: str | None = None,
) -> WorkflowTemplate[P]: ...


def workflow(
    fn: Callable[..., Any] | None = None,
    *,
    resources: Resources | None = None,
    head_node_resources: Resources | None = None,
    data_aggregation: object = None,
    custom_name: str | None = None,
    default_source_import: Import | None = None,
    default_dependency_imports: Import | Iterable[Import] | None = None,
    head_node_image: str | None = None,
) -> Any:
    """Make a workflow of a function: `@workflow`, `@workflow(...)`, or `workflow(fn, ...)`.

    Args:
        fn: a function that calls tasks and returns one of their results or a sequence of them.
        resources: the size of every node, and the most nodes of each container image.
        head_node_resources: CPU and memory of the head node.
        data_aggregation: deprecated, has no meaning any more.
        custom_name: a template for the workflow's name, with parameters in braces.
        default_source_import: for tasks that name no source import.
        default_dependency_imports: for tasks that name no dependency imports.
        head_node_image: the container image of the head node, with its tag.

    Raises:
        TypeError: `fn` is no Python function, or an option is of a wrong type.
        ValueError: `custom_name` cannot be read.
    """
    if data_aggregation is not None:
        warn_user(
            "data_aggregation is ignored: it has no meaning any more. The size of the head node "
            "is head_node_resources=sdk.Resources(...).",
            FutureWarning,
        )
    options = WorkflowOptions(
        resources=checked_resources(resources),
        head_node_resources=None
        if head_node_resources is None
        else checked_resources(head_node_resources),
        custom_name=checked_name_template(custom_name),
        default_source_import=checked_source_import(
            default_source_import, name="default_source_import"
        ),
        default_dependency_imports=as_imports(default_dependency_imports),
        head_node_image=checked_image(head_node_image, name="head_node_image"),
    )

    def decorate(function: Callable[..., Any]) -> WorkflowTemplate[...]:
        return WorkflowTemplate(function, options=options)

    return decorate if fn is None else decorate(fn)


def _name(fn: FunctionType, *, arguments: inspect.BoundArguments, template: str | None) -> str:
    if template is None:
        return fn.__name__
    complete = inspect.BoundArguments(arguments.signature, arguments.arguments.copy())
    complete.apply_defaults()
    site = user_call_site() or definition_site(fn)
    return render_workflow_name(template, arguments=complete.arguments, site=site)


def _without_head_gpu(options: WorkflowOptions, fn: FunctionType) -> WorkflowOptions:
    head = options.head_node_resources
    if head is None or not _asks_for_gpu(head, fn):
        return options
    warn_user(
        f"The head node of workflow `{fn.__name__}` runs no tasks, so gpu={head.gpu!r} is ignored "
        "for it."
    )
    return replace(options, head_node_resources=head._replace(gpu="0"))


def _asks_for_gpu(head: Resources, fn: FunctionType) -> bool:
    try:
        return gpu_count(head.gpu) > 0
    except ValueError as error:
        problem = f"The head node of workflow `{fn.__name__}` asks for gpu: {error}"
        raise WorkflowSyntaxError(located(problem, at=definition_site(fn))) from error
