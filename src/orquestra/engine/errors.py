"""Errors of the engine.

    EngineError
    ├── BadRequest                   the request itself is wrong                     (user)
    │   ├── InvalidDefinition        a definition that can never run                 (user)
    │   ├── InvalidImageName         text that names no container image              (user)
    │   └── RunRefused               a run that could never succeed here             (user)
    ├── Unauthorized                 no login, or one that is not valid any more     (user)
    ├── Forbidden                    a login without the right                       (user)
    ├── NotFound                     nothing of that id                              (user)
    ├── RunEnded                     the run is over; its cluster has no more to say (system)
    ├── ConfigurationError           the engine cannot start as configured           (user)
    ├── ProvisioningError            a container or a network could not be made      (system)
    │   └── ContainerEngineMissing   neither Docker nor podman answers               (user)
    └── RegistryError                an image registry did not answer as it should   (system)
        ├── ImageMissing             it has no such repository, tag or digest        (user)
        ├── ImageNotReadable         it does not let the engine read the image       (user)
        ├── RegistryUnreachable      nothing answers at its address, or not in time  (system)
        └── NotARegistry             what answers there is no registry               (user)

`code` is stable and meant for programs; the message says what happened and what to do next.
"""

from typing import ClassVar, Literal


class EngineError(Exception):
    """Root of all errors that the engine raises on purpose."""

    code: ClassVar[str] = "engine_error"
    kind: ClassVar[Literal["user", "system"]] = "system"
    status: ClassVar[int] = 500


class BadRequest(EngineError):
    """The request itself is wrong. `wire_code` is the number that client 1.1.0 knows, if any."""

    code = "bad_request"
    kind = "user"
    status = 400
    wire_code: ClassVar[int | None] = None


class InvalidDefinition(BadRequest):
    """A workflow definition that can never run."""

    code = "invalid_definition"


class InvalidImageName(BadRequest):
    """Text that names no container image."""

    code = "invalid_image_name"


class RunRefused(BadRequest):
    """A run that could never succeed here, said before anything starts."""

    code = "run_refused"
    wire_code = 3


class Unauthorized(EngineError):
    """No login, or one that is not valid any more."""

    code = "unauthorized"
    kind = "user"
    status = 401


class Forbidden(EngineError):
    """A login without the right."""

    code = "forbidden"
    kind = "user"
    status = 403


class NotFound(EngineError):
    """Nothing of that id."""

    code = "not_found"
    kind = "user"
    status = 404


class RunEnded(EngineError):
    """The run is over; its cluster has no more to say."""

    code = "run_ended"
    status = 410


class ConfigurationError(EngineError):
    """The engine cannot start as configured."""

    code = "configuration_error"
    kind = "user"


class ProvisioningError(EngineError):
    """A container or a network could not be made."""

    code = "provisioning_error"


class ContainerEngineMissing(ProvisioningError):
    """Neither Docker nor podman answers."""

    code = "container_engine_missing"
    kind = "user"


class RegistryError(EngineError):
    """An image registry did not answer as it should."""

    code = "registry_error"


class ImageMissing(RegistryError):
    """The registry has no such repository, tag or digest."""

    code = "image_missing"
    kind = "user"


class ImageNotReadable(RegistryError):
    """The registry does not let the engine read the image."""

    code = "image_not_readable"
    kind = "user"


class RegistryUnreachable(RegistryError):
    """Nothing answers at the registry's address, or not in time."""

    code = "registry_unreachable"


class NotARegistry(RegistryError):
    """What answers at the address is no registry."""

    code = "not_a_registry"
    kind = "user"
