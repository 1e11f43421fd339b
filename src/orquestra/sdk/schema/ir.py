"""The workflow definition ("IR"): the graph of one workflow, as it is stored and sent.

The structure is flat: dictionaries of nodes keyed by id, and nodes refer to each other by id.
Every field is written, unset ones as null; unknown fields are ignored when reading. The shape is
that of release 1.1.0, so documents of that client and ours are interchangeable. What is ours is
written only where it is used: `collection_nodes`, `source_files`, `retry_policy`,
`timeout_seconds`, `cache`, `map_over`, and `fingerprint` of constants.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Annotated, Any, Literal, NewType

from pydantic import Field, field_validator, model_validator

from orquestra.sdk.schema.documents import Document as Document
from orquestra.sdk.schema.documents import is_unset
from orquestra.sdk.schema.git_urls import git_url_parts
from orquestra.sdk.schema.policies import CachePolicy as CachePolicy
from orquestra.sdk.schema.policies import RetryPolicy as RetryPolicy

ArtifactNodeId = NewType("ArtifactNodeId", str)
ConstantNodeId = NewType("ConstantNodeId", str)
SecretNodeId = NewType("SecretNodeId", str)
CollectionNodeId = NewType("CollectionNodeId", str)
ImportId = NewType("ImportId", str)
TaskDefId = NewType("TaskDefId", str)
TaskInvocationId = NewType("TaskInvocationId", str)
ArgumentId = ArtifactNodeId | ConstantNodeId | SecretNodeId | CollectionNodeId
ParameterName = str
WorkflowDefName = str

DEFAULT_IMAGE = (
    "hub.stage.nexus.orquestra.io/zapatacomputing/orquestra-sdk-base:orquestra-worker-image-v1.0.0"
)
"""How a definition spells "the default image".

The registry behind the name is gone; a server takes the reference as a fixed word and chooses
its own base image. With the suffix `-cuda` it is the default image of a task with a GPU.
"""
DEFAULT_CUDA_IMAGE = f"{DEFAULT_IMAGE}-cuda"
DEFAULT_HEAD_NODE_IMAGE = (
    "hub.stage.nexus.orquestra.io/zapatacomputing/workflow-driver-ray:orquestra-head-image-v1.0.0"
)


class Version(Document):
    """A version with its parts. `original` of Python is the complete `sys.version`."""

    original: str
    major: int
    minor: int
    patch: int
    is_prerelease: bool


class WorkflowMetadata(Document):
    """What made the definition. `head_node_image` is new with release 1.1.0."""

    sdk_version: Version
    python_version: Version
    head_node_image: str | None = None


class Resources(Document):
    """Amounts asked for, as Kubernetes quantities; `nodes` counts on a workflow only."""

    cpu: str | None = None
    memory: str | None = None
    disk: str | None = None
    gpu: str | None = None
    nodes: int | None = None

    @field_validator("gpu", mode="before")
    @classmethod
    def _number_to_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int | float) else value


class DataAggregation(Document):
    """Carrier of the head node's resources; `run` is a left-over and always null."""

    run: bool | None = None
    resources: Resources | None = None


class SecretNode(Document):
    """A reference to a secret, resolved right before the task that takes it starts."""

    id: SecretNodeId
    secret_name: str
    secret_config: str | None = None
    workspace_id: str | None = None


class PackageSpec(Document):
    """One requirement, in parts: `name[extras]version_constraints; environment_markers`."""

    name: str
    extras: list[str]
    version_constraints: list[str]
    environment_markers: str

    def requirement(self) -> str:
        """The requirement as pip reads it."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        markers = f"; {self.environment_markers}" if self.environment_markers else ""
        return f"{self.name}{extras}{','.join(self.version_constraints)}{markers}"


class GitURL(Document):
    """The address of a Git repository, in parts. Documents of old releases hold plain text."""

    original_url: str
    protocol: str
    user: str | None = None
    password: SecretNode | None = None
    host: str
    port: int | None = None
    path: str
    query: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return git_url_parts(value) if isinstance(value, str) else value


class InlineImport(Document):
    """The code of a task travels in the definition itself."""

    id: ImportId
    type: Literal["INLINE_IMPORT"] = "INLINE_IMPORT"


class PythonImports(Document):
    """Packages to install before a task starts."""

    id: ImportId
    packages: list[PackageSpec]
    pip_options: list[str]
    type: Literal["PYTHON_IMPORT"] = "PYTHON_IMPORT"


class GitImport(Document):
    """A Git repository, installed by pip."""

    id: ImportId
    repo_url: GitURL
    git_ref: str
    package_name: str | None = None
    extras: tuple[str, ...] | None = None
    type: Literal["GIT_IMPORT"] = "GIT_IMPORT"


class LocalImport(Document):
    """A module that is expected to be there already. Deprecated."""

    id: ImportId
    type: Literal["LOCAL_IMPORT"] = "LOCAL_IMPORT"


Import = Annotated[
    InlineImport | PythonImports | GitImport | LocalImport, Field(discriminator="type")
]


class ModuleFunctionRef(Document):
    """A function found by importing a module."""

    module: str
    function_name: str
    file_path: str | None = None
    line_number: int | None = None
    type: Literal["MODULE_FUNCTION_REF"] = "MODULE_FUNCTION_REF"


class FileFunctionRef(Document):
    """A function found by running a file."""

    file_path: str
    function_name: str
    line_number: int | None = None
    type: Literal["FILE_FUNCTION_REF"] = "FILE_FUNCTION_REF"


class InlineFunctionRef(Document):
    """A function as a pickle: base64 text, cut into chunks."""

    function_name: str
    encoded_function: list[str]
    type: Literal["INLINE_FUNCTION_REF"] = "INLINE_FUNCTION_REF"


FunctionRef = Annotated[
    ModuleFunctionRef | FileFunctionRef | InlineFunctionRef, Field(discriminator="type")
]


class ParameterKind(Enum):
    """How a parameter takes arguments; every named parameter counts as the first kind."""

    POSITIONAL_OR_KEYWORD = "POSITIONAL_OR_KEYWORD"
    VAR_POSITIONAL = "VAR_POSITIONAL"
    VAR_KEYWORD = "VAR_KEYWORD"


class TaskParameter(Document):
    """One parameter of a task's signature."""

    name: ParameterName
    kind: ParameterKind


class TaskOutputMetadata(Document):
    """Whether a task's result can be unpacked, and into how many values."""

    is_subscriptable: bool
    n_outputs: int


class TaskDef(Document):
    """A distinct task function and what it needs. Effective values stand on its invocations.

    `max_retries` counts repeats after its process died; `retry_policy` is about its exceptions.
    `timeout_seconds` is how long one attempt may take; one that has ended within 50 ms is never
    too late.
    """

    id: TaskDefId
    fn_ref: FunctionRef
    parameters: list[TaskParameter] | None = None
    output_metadata: TaskOutputMetadata | None = None
    source_import_id: ImportId
    dependency_import_ids: list[ImportId] | None = None
    resources: Resources | None = None
    max_retries: int | None = None
    custom_image: str | None = None
    retry_policy: RetryPolicy | None = Field(default=None, exclude_if=is_unset)
    timeout_seconds: float | None = Field(default=None, exclude_if=is_unset)
    cache: CachePolicy | None = Field(default=None, exclude_if=is_unset)


class ArtifactFormat(Enum):
    """How a value is serialised. AUTO means JSON where possible, else a pickle."""

    AUTO = "AUTO"
    ENCODED_PICKLE = "ENCODED_PICKLE"
    JSON = "JSON"
    NUMPY_ARRAY = "NUMPY_ARRAY"


class ArtifactNode(Document):
    """One output of an invocation: all of it (`artifact_index` null) or one element."""

    id: ArtifactNodeId
    custom_name: str | None = None
    serialization_format: ArtifactFormat = ArtifactFormat.AUTO
    artifact_index: int | None = None


VALUE_PREVIEW_LENGTH = 12


class ConstantNodeJSON(Document):
    """A value known at submission, as JSON text."""

    id: ConstantNodeId
    value: str
    serialization_format: Literal["JSON"] = "JSON"
    value_preview: str = Field(max_length=VALUE_PREVIEW_LENGTH)


class ConstantNodePickle(Document):
    """A value known at submission, as a pickle: base64 text, cut into chunks.

    A pickle that holds code, of the value's class for example, differs from process to process.
    Where a task with `cache` is given one, `fingerprint` is equal for equal values with equal
    code: a hex digest, None where there is none.
    """

    id: ConstantNodeId
    chunks: list[str]
    serialization_format: Literal["ENCODED_PICKLE"] = "ENCODED_PICKLE"
    value_preview: str = Field(max_length=VALUE_PREVIEW_LENGTH)
    fingerprint: str | None = Field(default=None, exclude_if=is_unset)


ConstantNode = Annotated[
    ConstantNodeJSON | ConstantNodePickle, Field(discriminator="serialization_format")
]


class CollectionType(Enum):
    """What a collection is built as."""

    LIST = "LIST"
    TUPLE = "TUPLE"
    DICT = "DICT"


class CollectionNode(Document):
    """A container of other arguments, built where the task runs; `keys` are those of a DICT."""

    id: CollectionNodeId
    type: CollectionType
    items: list[str]
    keys: list[str] = Field(default=[])


class TaskInvocation(Document):
    """One call of a task in the graph, with its effective resources, image and variables.

    Where `map_over` names arguments, by position or by name, the invocation is a *map*: these
    are sequences of one length, the task is called once for each of their elements, and the one
    artifact of the invocation is the list of all results, in order.
    """

    id: TaskInvocationId
    task_id: TaskDefId
    args_ids: list[str]
    kwargs_ids: dict[ParameterName, str]
    output_ids: list[ArtifactNodeId]
    resources: Resources | None = None
    custom_image: str | None = None
    env_vars: dict[str, str] | None = None
    map_over: list[int | str] | None = Field(default=None, exclude_if=is_unset)

    def argument_ids(self) -> list[str]:
        """Ids of all arguments, positional ones first."""
        return [*self.args_ids, *self.kwargs_ids.values()]


class WorkflowDef(Document):
    """The definition of one workflow: its graph, its code, and what it needs."""

    name: WorkflowDefName
    fn_ref: FunctionRef
    imports: dict[ImportId, Import]
    tasks: dict[TaskDefId, TaskDef]
    artifact_nodes: dict[ArtifactNodeId, ArtifactNode]
    constant_nodes: dict[ConstantNodeId, ConstantNode]
    secret_nodes: dict[SecretNodeId, SecretNode] = Field(default={})
    task_invocations: dict[TaskInvocationId, TaskInvocation]
    output_ids: list[str]
    data_aggregation: DataAggregation | None = None
    metadata: WorkflowMetadata | None = None
    resources: Resources | None = None
    collection_nodes: dict[CollectionNodeId, CollectionNode] = Field(
        default={}, exclude_if=is_unset
    )
    source_files: dict[str, str] = Field(default={}, exclude_if=is_unset)
    """Local modules that tasks import: path below an import root (`a/b.py`) and source text."""

    def leaves(self, argument_ids: Iterable[str]) -> Iterator[str]:
        """What these arguments are made of, below all collections; each id once."""
        if not self.collection_nodes:
            yield from dict.fromkeys(argument_ids)
            return
        seen: set[str] = set()
        waiting = [*reversed(list(argument_ids))]
        while waiting:
            argument_id = waiting.pop()
            if argument_id in seen:
                continue
            seen.add(argument_id)
            node = self.collection_nodes.get(CollectionNodeId(argument_id))
            if node is None:
                yield argument_id
            else:
                waiting += reversed([*node.keys, *node.items])

    def producers(self) -> dict[ArtifactNodeId, TaskInvocationId]:
        """Which invocation makes which artifact."""
        return {
            artifact_id: invocation.id
            for invocation in self.task_invocations.values()
            for artifact_id in invocation.output_ids
        }


def element_id(base: str, index: int) -> str:
    """The id of one element of a map: of its invocation, or of the artifact of that."""
    return f"{base}.{index}"


def split_element_id(text: str) -> tuple[str, int | None]:
    """The id of the map and the number of the element; None where it is no id of an element."""
    base, dot, number = text.rpartition(".")
    return (base, int(number)) if dot and number.isdecimal() else (text, None)
