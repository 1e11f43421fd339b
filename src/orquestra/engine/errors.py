"""Errors of the engine.

    EngineError
    ├── BadRequest                   the request itself is wrong                     (user)
    │   ├── InvalidDefinition        a definition that can never run                 (user)
    │   ├── InvalidImageName         text that names no container image              (user)
    │   ├── NotJson                  a body that is not JSON                         (user)
    │   ├── DefinitionIdMissing      a run of no definition                          (user)
    │   ├── DefinitionIdMalformed    a run of what cannot be a definition's id       (user)
    │   ├── DefinitionUnknown        a run of a definition that is not there         (user)
    │   ├── SecretExists             a new secret of a name that is taken            (user)
    │   └── RunRefused               a run that could never succeed here             (user)
    │       ├── ResourcesRefused     it asks for sizes that no node can have         (user)
    │       └── UnsupportedSDK       it was made with an SDK that is too new         (user)
    ├── Unauthorized                 no login, or one that is not valid any more     (user)
    ├── Forbidden                    a login without the right                       (user)
    ├── NotFound                     nothing of that id                              (user)
    ├── TooManyAttempts              passwords tried too often                       (user)
    ├── TooManyStreams               a user who follows too much at once             (user)
    ├── TooLarge                     a body of more bytes than the engine reads      (user)
    ├── DefinitionInUse              a definition that runs still refer to           (user)
    ├── SecretLocked                 the key of a secret is not at hand              (system)
    ├── OtherEngineFailed            an engine that this one asked did not answer    (system)
    ├── RunEnded                     the run is over; nobody executes it any more    (system)
    ├── ClusterEnded                 the run cluster is over; nothing is left to do  (system)
    ├── Overloaded                   so much at once that this was not answered      (system)
    ├── ConfigurationError           the engine cannot start as configured           (user)
    ├── ProvisioningError            a container or a network could not be made      (system)
    │   ├── ContainerEngineMissing   neither Docker nor podman answers               (user)
    │   └── ContainerEngineAway      it has answered before, and does not now        (system)
    └── RegistryError                an image registry did not answer as it should   (system)
        ├── ImageMissing             it has no such repository, tag or digest        (user)
        ├── ImageNotReadable         it does not let the engine read the image       (user)
        ├── RegistryUnreachable      nothing answers at its address, or not in time  (system)
        └── NotARegistry             what answers there is no registry               (user)

`code` is stable and meant for programs; the message says what happened and what to do next.
"""

from datetime import timedelta
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


class NotJson(BadRequest):
    """A body that is not JSON."""

    code = "not_json"
    wire_code = 1


class DefinitionIdMissing(BadRequest):
    """A request to run no definition."""

    code = "definition_id_missing"
    wire_code = 2


class DefinitionIdMalformed(BadRequest):
    """A request to run what cannot be a definition's id."""

    code = "definition_id_malformed"
    wire_code = 5


class DefinitionUnknown(BadRequest):
    """A request to run a definition that is not there."""

    code = "definition_unknown"
    wire_code = 6


class SecretExists(BadRequest):
    """A new secret of a name that is taken; client 1.1.0 then sends a new value for it."""

    code = "secret_exists"


class RunRefused(BadRequest):
    """A run that could never succeed here, said before anything starts."""

    code = "run_refused"


class ResourcesRefused(RunRefused):
    """A run that asks for sizes that no node can have here, and has no other fault."""

    code = "resources_refused"
    wire_code = 3


class UnsupportedSDK(RunRefused):
    """A run of a workflow that was made with a newer SDK than the engine's."""

    code = "unsupported_sdk"
    wire_code = 4


class TooManyAttempts(EngineError):
    """Passwords were tried too often; the next may be tried after `retry_after`."""

    code = "too_many_attempts"
    kind = "user"
    status = 429

    def __init__(self, message: str, *, retry_after: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooManyStreams(EngineError):
    """A user who has more streams of events open than one may have."""

    code = "too_many_streams"
    kind = "user"
    status = 429


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


class TooLarge(EngineError):
    """A request whose body has more bytes than the engine reads."""

    code = "too_large"
    kind = "user"
    status = 413


class DefinitionInUse(EngineError):
    """A definition that runs still refer to."""

    code = "definition_in_use"
    kind = "user"
    status = 409


class SecretLocked(EngineError):
    """The key that a secret was encrypted with is not at hand, or does not open it."""

    code = "secret_locked"
    status = 409


class OtherEngineFailed(EngineError):
    """Another engine, which this one asked for its user, did not do what was wanted."""

    code = "other_engine_failed"
    status = 502


class RunEnded(EngineError):
    """The run is over; nobody executes it any more."""

    code = "run_ended"
    status = 410


class ClusterEnded(EngineError):
    """The run cluster is over; nothing is left to do for it."""

    code = "cluster_ended"
    status = 410


class ConfigurationError(EngineError):
    """The engine cannot start as configured."""

    code = "configuration_error"
    kind = "user"


class Overloaded(EngineError):
    """So much is asked at once that this could not be answered; it may be in a moment."""

    code = "overloaded"
    status = 503


class ProvisioningError(EngineError):
    """A container or a network could not be made."""

    code = "provisioning_error"


class ContainerEngineMissing(ProvisioningError):
    """Neither Docker nor podman answers."""

    code = "container_engine_missing"
    kind = "user"
    status = 503


class ContainerEngineAway(ProvisioningError):
    """The container engine has answered before, and does not now; it may again in a moment."""

    code = "container_engine_away"
    status = 503


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
