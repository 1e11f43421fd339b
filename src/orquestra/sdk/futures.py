"""Results that do not exist yet: what a task call gives while a workflow is being built."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from orquestra.sdk.call_sites import CallSite, located, user_call_site
from orquestra.sdk.exceptions import FutureNotAValueError, WorkflowSyntaxError
from orquestra.sdk.options import checked_env_vars, checked_image, checked_resources
from orquestra.sdk.resources import NO_UPDATE, NoUpdate, Resources, ResourcesUpdate

if TYPE_CHECKING:
    from orquestra.sdk.snapshots import Constant
    from orquestra.sdk.tasks import TaskDef

    # A task takes a future wherever its function takes a value. Type checkers accept that of a
    # class with an unknown base, and go on checking all other arguments.
    _AnyValue = Any
else:

    class _AnyValue:
        pass


ResultT_co = TypeVar("ResultT_co", covariant=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class TaskInvocation:
    """One call of a task, with everything that holds for this call only.

    `inputs` are all arguments as they were when the call was made, positional ones first; `site`
    is the line of the call.
    """

    task: "TaskDef[..., Any]"
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]
    inputs: "tuple[ArtifactFuture[Any] | Constant, ...]"
    site: CallSite | None
    resources: Resources
    custom_name: str | None
    custom_image: str | None
    env_vars: Mapping[str, str] | None


class ArtifactFuture(_AnyValue, Generic[ResultT_co]):  # type: ignore[misc]  # see _AnyValue
    """The result of one task call, or one element of it.

    Pass it to other tasks or return it from the workflow function; nothing else can be done with
    it, because its value exists only when the workflow runs. The `with_...` methods give a new
    future of a new call and leave this one as it is.
    """

    def __init__(self, invocation: TaskInvocation, *, output_index: int | None = None) -> None:
        self.invocation = invocation
        self.output_index = output_index

    def with_resources(
        self,
        *,
        cpu: str | NoUpdate | None = NO_UPDATE,
        memory: str | NoUpdate | None = NO_UPDATE,
        disk: str | NoUpdate | None = NO_UPDATE,
        gpu: str | int | NoUpdate | None = NO_UPDATE,
    ) -> "ArtifactFuture[ResultT_co]":
        """The same call with other resources; None clears an amount."""
        self._refuse_if_element("resources")
        update = ResourcesUpdate(cpu=cpu, memory=memory, disk=disk, gpu=gpu, nodes=None)
        resources = checked_resources(update.apply(self.invocation.resources))
        return ArtifactFuture(replace(self.invocation, resources=resources))

    def with_custom_image(
        self, custom_image: str | NoUpdate | None = NO_UPDATE
    ) -> "ArtifactFuture[ResultT_co]":
        """The same call in another container image; None means the task's own again."""
        self._refuse_if_element("a custom image")
        if custom_image is NO_UPDATE:
            return ArtifactFuture(replace(self.invocation))
        image = checked_image(custom_image)
        return ArtifactFuture(replace(self.invocation, custom_image=image))

    def with_env_variables(
        self, env_vars: Mapping[str, str] | NoUpdate | None = NO_UPDATE
    ) -> "ArtifactFuture[ResultT_co]":
        """The same call with other environment variables, in place of all the task's own."""
        self._refuse_if_element("env_vars")
        if env_vars is NO_UPDATE:
            return ArtifactFuture(replace(self.invocation))
        variables = checked_env_vars(env_vars)
        return ArtifactFuture(replace(self.invocation, env_vars=variables))

    def with_invocation_meta(
        self,
        *,
        cpu: str | NoUpdate | None = NO_UPDATE,
        memory: str | NoUpdate | None = NO_UPDATE,
        disk: str | NoUpdate | None = NO_UPDATE,
        gpu: str | int | NoUpdate | None = NO_UPDATE,
        custom_image: str | NoUpdate | None = NO_UPDATE,
        env_vars: Mapping[str, str] | NoUpdate | None = NO_UPDATE,
    ) -> "ArtifactFuture[ResultT_co]":
        """The same call with other resources, image and environment variables at once."""
        self._refuse_if_element("invocation metadata")
        return (
            self.with_resources(cpu=cpu, memory=memory, disk=disk, gpu=gpu)
            .with_custom_image(custom_image)
            .with_env_variables(env_vars)
        )

    def __getitem__(self, index: int) -> "ArtifactFuture[Any]":
        n_outputs = self._n_outputs()
        if not isinstance(index, int):
            raise TypeError(
                f"The outputs of task `{self._task_name}` are chosen by whole numbers, "
                f"not by {index!r}"
            )
        if not -n_outputs <= index < n_outputs:
            raise IndexError(
                f"Task `{self._task_name}` has {n_outputs} outputs; there is no output {index}"
            )
        return ArtifactFuture(self.invocation, output_index=index % n_outputs)

    def __iter__(self) -> "Iterator[ArtifactFuture[Any]]":
        return iter(
            [ArtifactFuture(self.invocation, output_index=i) for i in range(self._n_outputs())]
        )

    def __bool__(self) -> NoReturn:
        raise self._misuse("is used as a condition", "Move the decision into a task.")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ArtifactFuture):
            return self is other
        raise self._misuse(
            f"is compared with a value of the type {type(other).__name__}",
            "Move the comparison into a task.",
        )

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __contains__(self, _item: object) -> NoReturn:
        raise self._misuse("is searched with `in`", "Move the search into a task.")

    def __str__(self) -> NoReturn:
        raise self._misuse(
            "is made a text", "Make the text in a task; repr() shows which result this is."
        )

    def __format__(self, _spec: str) -> NoReturn:
        self.__str__()

    def __repr__(self) -> str:
        index = "" if self.output_index is None else f"[{self.output_index}]"
        return f"<future result of task {self._task_name}{index}>"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise FutureNotAValueError(self._task_name)

    @property
    def _task_name(self) -> str:
        return self.invocation.task.__name__

    def _n_outputs(self) -> int:
        if self.output_index is not None:
            raise TypeError(
                f"Output {self.output_index} of task `{self._task_name}` cannot be taken apart "
                "while the workflow is being built. Take it apart in a task."
            )
        output = self.invocation.task.output
        if not output.is_subscriptable:
            raise TypeError(
                f"Task `{self._task_name}` has one output, so its result cannot be indexed or "
                "unpacked. Say n_outputs=... in its decorator if it returns several values."
            )
        return output.n_outputs

    def _misuse(self, what: str, cure: str) -> WorkflowSyntaxError:
        problem = (
            f"The result of task `{self._task_name}` {what}, but it does not exist yet while the "
            f"workflow is being built. {cure}"
        )
        return WorkflowSyntaxError(located(problem, at=user_call_site()))

    def _refuse_if_element(self, metadata: str) -> None:
        if self.output_index is not None:
            problem = (
                f"{metadata.capitalize()} cannot be set on one output of task "
                f"`{self._task_name}`, only on the whole call. Set it before indexing or unpacking."
            )
            raise WorkflowSyntaxError(located(problem, at=user_call_site()))
