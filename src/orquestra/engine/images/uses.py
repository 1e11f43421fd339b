"""Which images a workflow uses, and for what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from orquestra.engine.errors import InvalidImageName
from orquestra.engine.images.defaults import DefaultImages, names_default_image
from orquestra.engine.images.fitting import asks_for_gpu, function_name
from orquestra.engine.images.references import ImageReference
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import HOST_IMAGE


@dataclass(frozen=True, kw_only=True)
class ImageUse:
    """One image and what it is used for in a run.

    Attributes:
        reference: The image, complete.
        name: The image as the user wrote it, or the full name of a default image.
        default: Whether it was chosen by the engine for at least one task, or for the head.
        base: The base image that its tasks would get if they named none.
        for_head: Whether the head of the run is started from it.
        on_host: Whether it is no image at all, but processes of the machine.
        tasks: Names of the task functions in it, in order, each once.
        gpu: Whether any of them asks for a GPU.
        invocations: The invocations in it.
    """

    reference: ImageReference
    name: str
    default: bool
    base: ImageReference
    for_head: bool = False
    on_host: bool = False
    tasks: tuple[str, ...] = ()
    gpu: bool = False
    invocations: tuple[ir.TaskInvocationId, ...] = ()


@dataclass(kw_only=True)
class _Gathering:
    """One image while its uses are gathered."""

    reference: ImageReference
    name: str
    base: ImageReference
    default: bool = False
    for_head: bool = False
    on_host: bool = False
    # A dictionary as an ordered set: a workflow may call one task ten thousand times.
    tasks: dict[str, None] = field(default_factory=dict)
    gpu: bool = False
    invocations: list[ir.TaskInvocationId] = field(default_factory=list)

    def finish(self) -> ImageUse:
        return ImageUse(
            reference=self.reference,
            name=self.name,
            default=self.default,
            base=self.base,
            for_head=self.for_head,
            on_host=self.on_host,
            tasks=tuple(self.tasks),
            gpu=self.gpu,
            invocations=tuple(self.invocations),
        )


@dataclass(frozen=True, kw_only=True)
class Uses:
    """All images of a run, the head's first.

    There is a sentence for each name that is none (`problems`), and for one that is not used
    (`warnings`).
    """

    images: tuple[ImageUse, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def find_uses(definition: ir.WorkflowDef, *, defaults: DefaultImages) -> Uses:
    """Find the images of a definition; invocations that name none get theirs from `defaults`.

    Raises:
        InvalidImageName: The repository of the default images is none.
    """
    bases = {gpu: defaults.image_for(definition, gpu=gpu) for gpu in (False, True)}
    problems: dict[str, None] = {}
    try:
        head = _head(definition, base=bases[False], on_host=defaults.on_host)
    except InvalidImageName as error:
        problems[f"The head of the run cannot start: {error}."] = None
        head = _default(bases[False], on_host=defaults.on_host)
    head.for_head = True
    found = {(head.reference, head.on_host): head}
    for invocation in definition.task_invocations.values():
        try:
            wanted = _wanted(definition, invocation=invocation, bases=bases, head=head)
        except InvalidImageName as error:
            name = function_name(definition, invocation=invocation)
            problems[f"Task {name} cannot run: {error}."] = None
            continue
        gathering = found.setdefault((wanted.reference, wanted.on_host), wanted)
        gathering.default |= wanted.default
        gathering.gpu |= asks_for_gpu(invocation)
        gathering.tasks[function_name(definition, invocation=invocation)] = None
        gathering.invocations.append(invocation.id)
    return Uses(
        images=tuple(gathering.finish() for gathering in found.values()),
        problems=tuple(problems),
        warnings=tuple(_warnings(definition, head=head)),
    )


def _head(definition: ir.WorkflowDef, *, base: ImageReference, on_host: bool) -> _Gathering:
    name = _head_name(definition)
    if on_host or name is None:
        return _default(base, on_host=on_host)
    return _Gathering(reference=ImageReference.parse(name), name=name, base=base)


def _head_name(definition: ir.WorkflowDef) -> str | None:
    """The image that a workflow wants for its head; None for the default one."""
    name = definition.metadata.head_node_image if definition.metadata else None
    return None if names_default_image(name) else name


def _warnings(definition: ir.WorkflowDef, *, head: _Gathering) -> Iterator[str]:
    name = _head_name(definition)
    if head.on_host and name is not None:
        yield (
            f"The workflow names image {name} for its head, which is not used: the head of the "
            "local runtime is a process of this machine."
        )


def _wanted(
    definition: ir.WorkflowDef,
    *,
    invocation: ir.TaskInvocation,
    bases: Mapping[bool, ImageReference],
    head: _Gathering,
) -> _Gathering:
    base = bases[asks_for_gpu(invocation)]
    # Documents of releases up to 0.62 leave the choice to the task's own image.
    name = invocation.custom_image or definition.tasks[invocation.task_id].custom_image or ""
    if not names_default_image(name):
        return _Gathering(reference=ImageReference.parse(name), name=name, base=base)
    return head if head.on_host else _default(base, on_host=False)


def _default(base: ImageReference, *, on_host: bool) -> _Gathering:
    name = HOST_IMAGE if on_host else str(base)
    return _Gathering(reference=base, name=name, base=base, default=True, on_host=on_host)
