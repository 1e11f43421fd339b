"""What a user is told of an image that cannot be used: one sentence, with what to do."""

from collections.abc import Sequence

from orquestra.engine.errors import (
    ContainerEngineMissing,
    ImageMissing,
    ImageNotReadable,
    NotARegistry,
    RegistryError,
    RegistryUnreachable,
)
from orquestra.engine.images.passport import Finding
from orquestra.engine.images.references import BUILT_HERE
from orquestra.engine.images.uses import ImageUse

MAX_NAMES_SHOWN = 3


def unavailable(use: ImageUse, *, error: RegistryError) -> str:
    """The sentence for an image that could not be looked up."""
    if use.default and isinstance(error, ImageMissing):
        advice = _advice_of_default(use)
    else:
        advice = _advice_of_registry(use, error=error)
    return f"{_subject(use)}: it {error}; {advice}."


def not_runnable(use: ImageUse, *, error: ContainerEngineMissing) -> str:
    """The sentence for an image where nothing could run it."""
    return f"{_subject(use)}, since there is no container engine. {error}"


def unfit(use: ImageUse, *, finding: Finding, architecture: str) -> str:
    """The sentence for an image that is not what the run needs."""
    if use.on_host:
        return (
            f"{_subject(use)}: it {finding.found}, but {finding.needed}; stop the local runtime "
            "with `orq down`, and start it with `orq up` in an environment that has that."
        )
    if use.default:
        advice = _advice_of_default(use)
    elif finding.rebuild:
        advice = f"build it from the line FROM {use.base}{_push_again(use, ' and')}"
    else:
        advice = (
            f"build it for linux/{architecture}, for example with "
            f"docker build --platform linux/{architecture}{_push_again(use, ', and')}"
        )
    return f"{_subject(use)}: it {finding.found}, but {finding.needed}; {advice}."


def enumerate_names(names: Sequence[str]) -> str:
    """Names in a sentence; of many, the first few and how many more."""
    if not names:
        return ""
    shown = list(names[:MAX_NAMES_SHOWN])
    if len(names) > MAX_NAMES_SHOWN:
        shown.append(f"{len(names) - MAX_NAMES_SHOWN} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _subject(use: ImageUse) -> str:
    tasks = f"{'tasks' if len(use.tasks) > 1 else 'task'} {enumerate_names(use.tasks)}"
    concerned = " and ".join(["the head of the run"] * use.for_head + [tasks] * bool(use.tasks))
    if not use.default:
        return f"T{concerned[1:]} cannot run in image {use.name}"
    if use.on_host:
        return "The Python environment of the local runtime cannot be used for this run"
    return f"The default image {use.reference} cannot be used for {concerned}"


def _advice_of_default(use: ImageUse) -> str:
    repository = f"{use.reference.registry}/{use.reference.repository}"
    return (
        "ask the engine's administrator to publish the base images to "
        f"{repository}, with `make publish REPOSITORY={repository}` in a checkout of Orquestra"
    )


def _push_again(use: ImageUse, conjunction: str) -> str:
    return "" if use.reference.registry == BUILT_HERE else f"{conjunction} push it again"


def _advice_of_registry(use: ImageUse, *, error: RegistryError) -> str:
    registry = use.reference.registry
    match error:
        case ImageMissing() if registry == BUILT_HERE:
            return f"build it with docker build or podman build -t {use.name}, or correct its name"
        case ImageMissing():
            return f"push it with docker push or podman push {use.name}, or correct its name"
        case ImageNotReadable():
            return (
                f"make it public, or run docker login or podman login {registry} as the engine's "
                "user on the engine's machine; the name may also be wrong"
            )
        case NotARegistry():
            return "correct the host and port of the registry"
        case RegistryUnreachable():
            return f"check the name and that the engine's machine reaches {registry}"
        case _:
            return "try again later, and if it stays so push the image again"
