"""Tasks: functions of the user that run on a node, each call of them once."""

import functools
import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, overload

from orquestra.sdk.call_sites import CallSite, located, user_call_site
from orquestra.sdk.custom_names import render_task_name
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.futures import ArtifactFuture, TaskInvocation
from orquestra.sdk.imports import Import, as_imports
from orquestra.sdk.options import (
    checked_env_vars,
    checked_image,
    checked_name_template,
    checked_resources,
    checked_retries,
    checked_source_import,
)
from orquestra.sdk.outputs import OutputShape, output_shape
from orquestra.sdk.resources import Resources
from orquestra.sdk.snapshots import as_input

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class TaskOptions:
    """What a task's decorator says. None for an import means "as the workflow says"."""

    source_import: Import | None = None
    dependency_imports: tuple[Import, ...] | None = None
    resources: Resources = Resources()  # noqa: RUF009 - immutable
    custom_image: str | None = None
    custom_name: str | None = None
    max_retries: int | None = None
    env_vars: Mapping[str, str] | None = None


class TaskDef(Generic[P, R]):
    """A task. Calling it never runs the function; it gives the future of its result.

    The plain function is `__wrapped__`, for testing it without a workflow.
    """

    __name__: str
    __wrapped__: Callable[P, R]

    def __init__(
        self, fn: Callable[P, R], *, options: TaskOptions, n_outputs: int | None = None
    ) -> None:
        functools.update_wrapper(self, fn)
        # The mangled name, `_TaskDef__sdk_task_body`, is where release 1.1 looks for it too.
        self.__sdk_task_body = fn
        self.options = options
        self.output: OutputShape = output_shape(fn, n_outputs=n_outputs)
        self.signature = _signature(fn)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> ArtifactFuture[R]:
        """The future result of one call.

        Raises:
            WorkflowSyntaxError: the arguments do not fit the function.
        """
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise WorkflowSyntaxError(self._binding_problem(error)) from error
        site = user_call_site()
        invocation = TaskInvocation(
            task=self,
            args=args,
            kwargs=tuple(kwargs.items()),
            inputs=tuple(map(as_input, (*args, *kwargs.values()))),
            site=site,
            resources=self.options.resources,
            custom_name=self._render_name(bound, site=site),
            custom_image=self.options.custom_image,
            env_vars=self.options.env_vars,
        )
        return ArtifactFuture(invocation)

    def __repr__(self) -> str:
        return f"<task {self.__name__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Inside another task's code a task is its plain function. The callable is the standard
        # library's, so that stored workflows do not depend on where things are in this package.
        return operator.itemgetter(0), ((self.__sdk_task_body,),)

    def _render_name(self, bound: inspect.BoundArguments, *, site: CallSite | None) -> str | None:
        template = self.options.custom_name
        if template is None:
            return None
        bound.apply_defaults()
        return render_task_name(template, arguments=bound.arguments, site=site)

    def _binding_problem(self, error: TypeError) -> str:
        cure = f"Its parameters are {self.signature}."
        if "'self'" in str(error):
            cure = "Methods cannot be tasks; use a function outside of the class."
        problem = f"Task `{self.__name__}` cannot be called so: {error}. {cure}"
        return located(problem, at=user_call_site())


@overload
def task(fn: "TaskDef[P, R]") -> TaskDef[P, R]: ...


@overload
def task(fn: Callable[P, R]) -> TaskDef[P, R]: ...


@overload
def task(
    *,
    source_import: Import | None = None,
    dependency_imports: Import | Iterable[Import] | None = None,
    resources: Resources = ...,
    n_outputs: int | None = None,
    custom_image: str | None = None,
    custom_name: str | None = None,
    max_retries: int | None = None,
    env_vars: Mapping[str, str] | None = None,
) -> Callable[[Callable[P, R]], TaskDef[P, R]]: ...


@overload
def task(
    fn: Callable[P, R],
    *,
    source_import: Import | None = None,
    dependency_imports: Import | Iterable[Import] | None = None,
    resources: Resources = ...,
    n_outputs: int | None = None,
    custom_image: str | None = None,
    custom_name: str | None = None,
    max_retries: int | None = None,
    env_vars: Mapping[str, str] | None = None,
) -> TaskDef[P, R]: ...


def task(  # noqa: PLR0913 - the public signature, all but the function by keyword
    fn: Callable[..., Any] | None = None,
    *,
    source_import: Import | None = None,
    dependency_imports: Import | Iterable[Import] | None = None,
    resources: Resources = Resources(),  # noqa: B008 - immutable
    n_outputs: int | None = None,
    custom_image: str | None = None,
    custom_name: str | None = None,
    max_retries: int | None = None,
    env_vars: Mapping[str, str] | None = None,
) -> Any:
    """Make a task of a function: `@task`, `@task(...)`, or `task(fn, ...)`.

    Args:
        fn: the function to run on a node.
        source_import: where the function's own code comes from; by default it travels inline.
        dependency_imports: packages to install before the task starts. None takes the workflow's
            default, an empty list means none at all.
        resources: what one call needs. None or an empty value leaves it to the Compute Engine.
        n_outputs: how many values the function returns, where its `return` does not show it.
        custom_image: the container image to run in.
        custom_name: a template for the names of calls, with parameters in braces.
        max_retries: how often a call is repeated after its worker died. Exceptions of the
            function are never retried.
        env_vars: environment variables set before the task starts.

    Raises:
        TypeError: `fn` is no function, or an option is of a wrong type.
        ValueError: `n_outputs` or `max_retries` is too small, or `custom_name` cannot be read.
    """
    options = TaskOptions(
        source_import=checked_source_import(source_import, name="source_import"),
        dependency_imports=as_imports(dependency_imports),
        resources=checked_resources(resources),
        custom_image=checked_image(custom_image),
        custom_name=checked_name_template(custom_name),
        max_retries=checked_retries(max_retries),
        env_vars=checked_env_vars(env_vars),
    )

    def decorate(function: Callable[..., Any]) -> TaskDef[..., Any]:
        return TaskDef(_plain_function(function), options=options, n_outputs=n_outputs)

    return decorate if fn is None else decorate(fn)


def _plain_function(fn: Callable[..., Any]) -> Callable[..., Any]:
    if isinstance(fn, TaskDef):
        return fn.__wrapped__
    if not (inspect.isroutine(fn) or inspect.isclass(fn)):
        raise TypeError(f"A task is made of a function, not of {fn!r}. Write one that calls it.")
    return fn


def _signature(fn: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(fn)
    except ValueError as error:  # some builtins do not say it
        raise TypeError(
            f"The parameters of {fn!r} are not known, so it cannot be a task. Write a function "
            "that calls it."
        ) from error
