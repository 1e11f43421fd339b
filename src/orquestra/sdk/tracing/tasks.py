"""Tasks: functions of the user that run on a node, each call of them once."""

import functools
import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from orquestra.sdk.call_sites import (
    CallSite,
    definition_site,
    located,
    user_call_site,
    warn_user,
)
from orquestra.sdk.code.imports import Import, InlineImport, as_imports
from orquestra.sdk.exceptions import WorkflowSyntaxError
from orquestra.sdk.tracing.caching import CachePolicy, checked_cache_policy
from orquestra.sdk.tracing.custom_names import render_task_name
from orquestra.sdk.tracing.futures import ArtifactFuture, TaskInvocation
from orquestra.sdk.tracing.options import (
    checked_env_vars,
    checked_image,
    checked_name_template,
    checked_resources,
    checked_retries,
    checked_source_import,
    checked_timeout,
)
from orquestra.sdk.tracing.outputs import OutputShape, output_shape
from orquestra.sdk.tracing.resources import Resources, check_resources
from orquestra.sdk.tracing.retries import RetryPolicy, checked_retry_policy
from orquestra.sdk.tracing.snapshots import as_inputs

if TYPE_CHECKING:
    from orquestra.sdk.tracing.snapshots import Input
    from orquestra.sdk.tracing.typed_outputs import (
        FourOutputs,
        OneOutput,
        ThreeOutputs,
        TwoOutputs,
        Unknown,
    )

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


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
    retry_policy: RetryPolicy | None = None
    timeout: timedelta | None = None
    cache: CachePolicy | None = None


class TaskDef(Generic[P, R]):
    """A task. Calling it never runs the function; it gives the future of its result.

    For whoever inspects it, it is its function: `isinstance`, `inspect` and attributes answer
    alike. The plain function is `__wrapped__`, for testing it without a workflow.
    """

    __name__: str
    __wrapped__: Callable[P, R]

    def __init__(
        self, fn: Callable[P, R], *, options: TaskOptions, n_outputs: int | None = None
    ) -> None:
        functools.update_wrapper(self, fn, updated=())
        # The mangled name, `_TaskDef__sdk_task_body`, is where release 1.1 looks for it too.
        self.__sdk_task_body = fn
        self.options = options
        self.output: OutputShape = output_shape(fn, n_outputs=n_outputs)
        self.signature = _signature(fn)

    # Type checkers see elements where the function returns a tuple; see `typed_outputs`.
    @overload
    def __call__(
        self: "TaskDef[P, Unknown]", /, *args: P.args, **kwargs: P.kwargs
    ) -> ArtifactFuture[Any]: ...

    @overload
    def __call__(
        self: "TaskDef[P, tuple[A]]", /, *args: P.args, **kwargs: P.kwargs
    ) -> "OneOutput[A]": ...

    @overload
    def __call__(
        self: "TaskDef[P, tuple[A, B]]", /, *args: P.args, **kwargs: P.kwargs
    ) -> "TwoOutputs[A, B]": ...

    @overload
    def __call__(
        self: "TaskDef[P, tuple[A, B, C]]", /, *args: P.args, **kwargs: P.kwargs
    ) -> "ThreeOutputs[A, B, C]": ...

    @overload
    def __call__(
        self: "TaskDef[P, tuple[A, B, C, D]]", /, *args: P.args, **kwargs: P.kwargs
    ) -> "FourOutputs[A, B, C, D]": ...

    @overload
    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> ArtifactFuture[R]: ...

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> ArtifactFuture[Any]:
        """The future result of one call.

        Raises:
            WorkflowSyntaxError: the arguments do not fit the function.
        """
        bound = self.bind(args, kwargs)
        site = user_call_site()
        invocation = TaskInvocation(
            task=self,
            args=args,
            kwargs=tuple(kwargs.items()),
            inputs=self.inputs((*args, *kwargs.values())),
            site=site,
            resources=self.options.resources,
            custom_name=self.invocation_name(bound, site=site),
            custom_image=self.options.custom_image,
            env_vars=self.options.env_vars,
        )
        return ArtifactFuture(invocation)

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
        """The arguments of one call, by the parameters of the function.

        Raises:
            WorkflowSyntaxError: they do not fit.
        """
        try:
            return self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise WorkflowSyntaxError(self._binding_problem(error)) from error

    def inputs(self, values: Iterable[Any]) -> "tuple[Input, ...]":
        """Arguments of a call, as a graph holds them."""
        body = self.__sdk_task_body
        module = getattr(body, "__module__", None)
        return as_inputs(values, module=module, cached=body if self.options.cache else None)

    def invocation_name(
        self, bound: inspect.BoundArguments, *, site: CallSite | None
    ) -> str | None:
        """What a call is named; None where the task has no custom name."""
        template = self.options.custom_name
        if template is None:
            return None
        bound.apply_defaults()
        return render_task_name(template, arguments=bound.arguments, site=site)

    def validate_task(self) -> None:
        """Check what can be checked without a workflow.

        Raises:
            InvalidTaskDefinitionError: the task can never run.
        """
        from orquestra.sdk.code.functions import module_reference

        function, source = self.__sdk_task_body, self.options.source_import
        owner = located(f"Task `{self.__name__}`", at=definition_site(function))
        check_resources(self.options.resources, owner=owner)
        if source is not None and not isinstance(source, InlineImport):
            module_reference(function, owner=owner)

    @property
    def n_outputs(self) -> int:
        """How many outputs the task has. Deprecated: unpack the result of a call."""
        warn_user("TaskDef.n_outputs is deprecated; nothing replaces it.", DeprecationWarning)
        return self.output.n_outputs

    def __repr__(self) -> str:
        return f"<task {self.__name__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Inside another task's code a task is its plain function. The callable is the standard
        # library's, so that stored workflows do not depend on where things are in this package.
        return operator.itemgetter(0), ((self.__sdk_task_body,),)

    def _binding_problem(self, error: TypeError) -> str:
        cure = f"Its parameters are {self.signature}."
        if next(iter(self.signature.parameters), None) == "self":
            cure = "Methods cannot be tasks; use a function outside of the class."
        problem = f"Task `{self.__name__}` cannot be called so: {error}. {cure}"
        return located(problem, at=user_call_site())

    # What release 1.1 has no public name for, but programs have read.
    _fn_name = property(lambda self: self.__name__)
    _output_metadata = property(lambda self: self.output)
    _resources = property(lambda self: self.options.resources)
    _custom_image = property(lambda self: self.options.custom_image)
    _custom_name = property(lambda self: self.options.custom_name)
    _source_import = property(lambda self: self.options.source_import)
    _dependency_imports = property(lambda self: self.options.dependency_imports)

    if not TYPE_CHECKING:
        # Type checkers would take a class that answers for another for something unknown.

        @property
        def __class__(self) -> type:
            return type(self.__sdk_task_body)

        @property
        def __dict__(self) -> Mapping[str, Any]:
            return self.__sdk_task_body.__dict__

        def __getattr__(self, name: str) -> Any:
            if name == "_TaskDef__sdk_task_body":  # not there before __init__
                raise AttributeError(name)
            return getattr(self.__sdk_task_body, name)


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
    retries: int | RetryPolicy | None = None,
    timeout: float | timedelta | None = None,
    cache: bool | CachePolicy | None = None,
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
    retries: int | RetryPolicy | None = None,
    timeout: float | timedelta | None = None,
    cache: bool | CachePolicy | None = None,
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
    retries: int | RetryPolicy | None = None,
    timeout: float | timedelta | None = None,
    cache: bool | CachePolicy | None = None,
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
        max_retries: how often a call is repeated after its worker died.
        env_vars: environment variables set before the task starts.
        retries: how often a call is repeated after an exception or a timeout; a `RetryPolicy`
            says how long it waits in between.
        timeout: how long one attempt may take, in seconds or as a `timedelta`; one that has ended
            within 50 ms is never too late.
        cache: True uses the result of an earlier call again, where code, inputs and environment
            are the same; a `CachePolicy` limits its age.

    Raises:
        TypeError: `fn` is no function, or an option is of a wrong type.
        ValueError: a number is too small, or `custom_name` cannot be read.
    """
    options = TaskOptions(
        source_import=checked_source_import(source_import, name="source_import"),
        dependency_imports=as_imports(dependency_imports),
        resources=checked_resources(resources),
        custom_image=checked_image(custom_image),
        custom_name=checked_name_template(custom_name),
        max_retries=checked_retries(max_retries),
        env_vars=checked_env_vars(env_vars),
        retry_policy=checked_retry_policy(retries),
        timeout=checked_timeout(timeout),
        cache=checked_cache_policy(cache),
    )

    def decorate(function: Callable[..., Any]) -> TaskDef[..., Any]:
        return TaskDef(_plain_function(function), options=options, n_outputs=n_outputs)

    return decorate if fn is None else decorate(fn)


def _plain_function(fn: Callable[..., Any]) -> Callable[..., Any]:
    if isinstance(fn, TaskDef):
        return fn.__wrapped__
    if not (inspect.isfunction(fn) or inspect.ismethod(fn) or inspect.isclass(fn)):
        raise TypeError(
            f"A task is made of a function written in Python, not of {fn!r}. Write one that "
            "calls it."
        )
    _warn_if_never_finished(fn)
    return fn


def _warn_if_never_finished(fn: Callable[..., Any]) -> None:
    """Warn of functions whose call gives no value but something that would have to run on."""
    if inspect.iscoroutinefunction(fn):
        kind, cure = "an `async` function", "Write a plain function that calls `asyncio.run(...)`."
    elif inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
        kind, cure = "a generator function", "Return a list of what it yields, like `list(...)`."
    else:
        return
    problem = (
        f"Task `{fn.__name__}` is {kind}. Calling it computes nothing yet, so the task will fail: "
        f"what it returns cannot be pickled. {cure}"
    )
    warn_user(located(problem, at=definition_site(fn)))


def _signature(fn: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(fn)
    except ValueError as error:  # some classes written in C do not say it
        raise TypeError(
            f"The parameters of {fn!r} are not known, so it cannot be a task. Write a function "
            "that calls it."
        ) from error
