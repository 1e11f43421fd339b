"""Results that do not exist yet: what a task call gives while a workflow is being built."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Self, TypeVar

from orquestra.sdk.call_sites import CallSite, located, user_call_site
from orquestra.sdk.exceptions import (
    FutureNotAValueError,
    FutureOperationError,
    WorkflowSyntaxError,
)
from orquestra.sdk.tracing.future_operations import CALCULATED, REFUSED, misuse, refusal
from orquestra.sdk.tracing.ignored_results import warn_if_ignored
from orquestra.sdk.tracing.options import checked_env_vars, checked_image, checked_resources
from orquestra.sdk.tracing.outputs import ONE_VALUE, OutputShape
from orquestra.sdk.tracing.resources import NO_UPDATE, NoUpdate, Resources, ResourcesUpdate

if TYPE_CHECKING:
    from orquestra.sdk.schema import ir
    from orquestra.sdk.tracing.snapshots import Input
    from orquestra.sdk.tracing.tasks import TaskDef

    # A task takes a future wherever its function takes a value. Type checkers accept that of a
    # class with an unknown base, and go on checking all other arguments.
    _AnyValue = Any
else:

    class _AnyValue:
        __slots__ = ()


ResultT_co = TypeVar("ResultT_co", covariant=True)


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class TaskInvocation:
    """One call of a task, with everything that holds for this call only.

    `inputs` are all arguments as they were when the call was made, positional ones first; `site`
    is the line of the call. `map_over` counts the first positional arguments whose elements the
    task is called for, once for each; None is a plain call.
    """

    type: ClassVar[str] = "task_invocation"

    task: "TaskDef[..., Any]"
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]
    inputs: "tuple[Input, ...]"
    site: CallSite | None
    resources: Resources
    custom_name: str | None
    custom_image: str | None
    env_vars: Mapping[str, str] | None
    map_over: int | None = None

    @property
    def output(self) -> OutputShape:
        """Of a map, the one list of all results."""
        return self.task.output if self.map_over is None else ONE_VALUE


class _AutoFormat:
    """How results are serialised; read late, because importing the models takes time."""

    def __get__(self, _future: object, _owner: object) -> "ir.ArtifactFormat":
        from orquestra.sdk.schema import ir

        return ir.ArtifactFormat.AUTO


class ArtifactFuture(_AnyValue, Generic[ResultT_co]):  # type: ignore[misc]  # see _AnyValue
    """The result of one task call, or one element of it.

    Pass it to other tasks, alone or inside of lists, tuples and dictionaries, or return it from
    the workflow function; nothing else can be done with it, because its value exists only when
    the workflow runs. The `with_...` methods give a new future of a new call and leave this one
    as it is.
    """

    DEFAULT_CUSTOM_NAME: ClassVar[None] = None
    DEFAULT_SERIALIZATION_FORMAT = _AutoFormat()
    custom_name: ClassVar[str | None] = DEFAULT_CUSTOM_NAME
    serialization_format = DEFAULT_SERIALIZATION_FORMAT

    __slots__ = ("__weakref__", "invocation", "output_index")

    invocation: TaskInvocation
    output_index: int | None

    def __init__(self, invocation: TaskInvocation, *, output_index: int | None = None) -> None:
        object.__setattr__(self, "invocation", invocation)
        object.__setattr__(self, "output_index", output_index)

    @property
    def env_vars(self) -> Mapping[str, str] | None:
        """The environment variables of the call."""
        return self.invocation.env_vars

    def with_resources(
        self,
        *,
        cpu: str | NoUpdate | None = NO_UPDATE,
        memory: str | NoUpdate | None = NO_UPDATE,
        disk: str | NoUpdate | None = NO_UPDATE,
        gpu: str | int | NoUpdate | None = NO_UPDATE,
    ) -> Self:
        """The same call with other resources; None clears an amount."""
        self._refuse_if_element("resources")
        resources = self._resources(ResourcesUpdate(cpu=cpu, memory=memory, disk=disk, gpu=gpu))
        return self._changed("with_resources", resources=resources)

    def with_custom_image(self, custom_image: str | NoUpdate | None = NO_UPDATE) -> Self:
        """The same call in another container image; None means the task's own again."""
        self._refuse_if_element("a custom image")
        return self._changed("with_custom_image", custom_image=self._image(custom_image))

    def with_env_variables(self, env_vars: Mapping[str, str] | NoUpdate | None = NO_UPDATE) -> Self:
        """The same call with other environment variables, in place of all the task's own."""
        self._refuse_if_element("env_vars")
        return self._changed("with_env_variables", env_vars=self._variables(env_vars))

    def with_invocation_meta(
        self,
        *,
        cpu: str | NoUpdate | None = NO_UPDATE,
        memory: str | NoUpdate | None = NO_UPDATE,
        disk: str | NoUpdate | None = NO_UPDATE,
        gpu: str | int | NoUpdate | None = NO_UPDATE,
        custom_image: str | NoUpdate | None = NO_UPDATE,
        env_vars: Mapping[str, str] | NoUpdate | None = NO_UPDATE,
    ) -> Self:
        """The same call with other resources, image and environment variables at once."""
        self._refuse_if_element("invocation metadata")
        return self._changed(
            "with_invocation_meta",
            resources=self._resources(ResourcesUpdate(cpu=cpu, memory=memory, disk=disk, gpu=gpu)),
            custom_image=self._image(custom_image),
            env_vars=self._variables(env_vars),
        )

    def __getitem__(self, index: int) -> "ArtifactFuture[Any]":
        n_outputs = self._n_outputs("is indexed")
        if not isinstance(index, int):
            raise misuse(
                f"is indexed by {index!r}",
                "Its outputs are chosen by whole numbers; choose anything else inside a task.",
                task_name=self._task_name,
            )
        if not -n_outputs <= index < n_outputs:
            problem = f"Task `{self._task_name}` has {n_outputs} outputs; there is no {index}"
            raise IndexError(located(problem, at=user_call_site()))
        return ArtifactFuture(self.invocation, output_index=index % n_outputs)

    def __iter__(self) -> "Iterator[ArtifactFuture[Any]]":
        n_outputs = self._n_outputs("is iterated or unpacked")
        return iter([ArtifactFuture(self.invocation, output_index=i) for i in range(n_outputs)])

    def __len__(self) -> int:
        return self._n_outputs("is asked for its length")

    def __radd__(self, other: object) -> Any:
        if self._is_sized and hasattr(other, "__iadd__"):  # `a_list += future`, which iterates
            return NotImplemented
        raise misuse(*CALCULATED, task_name=self._task_name)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ArtifactFuture):
            return self is other
        what = f"is compared with a value of the type {type(other).__name__}"
        raise misuse(what, "Move the comparison into a task.", task_name=self._task_name)

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __repr__(self) -> str:
        index = "" if self.output_index is None else f"[{self.output_index}]"
        return f"<future result of task {self._task_name}{index}>"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise FutureNotAValueError(self._task_name)

    @property
    def _task_name(self) -> str:
        return self.invocation.task.__name__

    @property
    def _is_sized(self) -> bool:
        return self.output_index is None and self.invocation.output.is_subscriptable

    def _n_outputs(self, what: str) -> int:
        if self._is_sized:
            return self.invocation.output.n_outputs
        raise FutureOperationError(located(self._one_value_problem(what), at=user_call_site()))

    def _one_value_problem(self, what: str) -> str:
        name = self._task_name
        if self.output_index is not None:
            return (
                f"Output {self.output_index} of task `{name}` {what}, but it does not exist yet "
                "while the workflow is being built. Take it apart in a task."
            )
        if self.invocation.map_over is not None:
            return (
                f"The list of the results of mapped task `{name}` {what}, but it does not exist "
                "yet while the workflow is being built. Pass it to a task, or to `sdk.map`."
            )
        return (
            f"The result of task `{name}` {what}, but it is one value, which does not exist yet "
            "while the workflow is being built. Say n_outputs=... in the task's decorator if it "
            "returns several values, or use `sdk.map` to call a task for each element."
        )

    def _changed(self, method: str, **changes: Any) -> Self:
        warn_if_ignored(method)
        return type(self)(replace(self.invocation, **changes))

    def _resources(self, update: ResourcesUpdate) -> Resources:
        return checked_resources(update.apply(self.invocation.resources)._replace(nodes=None))

    def _image(self, given: str | NoUpdate | None) -> str | None:
        return self.invocation.custom_image if given is NO_UPDATE else checked_image(given)

    def _variables(self, given: Mapping[str, str] | NoUpdate | None) -> Mapping[str, str] | None:
        return self.invocation.env_vars if given is NO_UPDATE else checked_env_vars(given)

    def _refuse_if_element(self, metadata: str) -> None:
        if self.output_index is not None:
            problem = (
                f"{metadata.capitalize()} cannot be set on one output of task "
                f"`{self._task_name}`, only on the whole call. Set it before indexing or unpacking."
            )
            raise WorkflowSyntaxError(located(problem, at=user_call_site()))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            problem = (
                f"The result of task `{self._task_name}` has no attribute `{name}` while the "
                "workflow is being built, because it does not exist yet. Use it inside a task."
            )
            text = problem if name[:1] == "_" else located(problem, at=user_call_site())
            raise AttributeError(text, name=name, obj=self)


for _method, (_what, _cure) in REFUSED.items():
    setattr(ArtifactFuture, _method, refusal(_what, _cure))
