"""From the futures that a workflow function returned to the definition of the workflow.

The graph is walked from its outputs backwards, depth first, with a stack; what is met gets the
next number. Order and numbers are those of release 1.1, because ids stand in users' programs.
"""

import itertools
import os
import sys
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from orquestra.sdk.call_sites import definition_site, located
from orquestra.sdk.constants import Constants, Use
from orquestra.sdk.futures import ArtifactFuture, TaskInvocation
from orquestra.sdk.imports import Import
from orquestra.sdk.resources import Resources, check_resources, gpu_count
from orquestra.sdk.returned_values import outputs_of
from orquestra.sdk.schema import ir
from orquestra.sdk.snapshots import Constant, as_input
from orquestra.sdk.task_library import (
    TaskLibrary,
    check_invocation,
    clean_name,
    installed_sdk_version,
    resources_model,
)


@dataclass(frozen=True, kw_only=True)
class WorkflowSource:
    """A workflow right after its function has run: what it returned and what it asks for."""

    name: str
    fn: FunctionType
    returned: Any
    resources: Resources
    head_node_resources: Resources | None
    default_source_import: Import | None
    default_dependency_imports: tuple[Import, ...] | None


def build_definition(source: WorkflowSource) -> ir.WorkflowDef:
    """The definition of a workflow.

    Raises:
        WorkflowSyntaxError: the workflow cannot be sent; the message says what to change.
        InvalidTaskDefinitionError: a task can never run.
    """
    return _GraphBuilder(source).build()


def function_ref(fn: FunctionType) -> ir.ModuleFunctionRef:
    """Where a workflow function stands, for display; the path is relative to this folder."""
    code: CodeType = fn.__code__
    return ir.ModuleFunctionRef(
        module=fn.__module__,
        function_name=fn.__name__,
        file_path=_relative(code.co_filename),
        line_number=code.co_firstlineno,
    )


@dataclass(frozen=True, kw_only=True)
class _Node:
    """An invocation with the ids that its place in the graph gave it."""

    id: ir.TaskInvocationId
    task_id: ir.TaskDefId
    invocation: TaskInvocation
    elements: list[ir.ArtifactNodeId]
    packed: ir.ArtifactNodeId

    def artifact(self, output_index: int | None) -> ir.ArtifactNodeId:
        return self.packed if output_index is None else self.elements[output_index]


class _GraphBuilder:
    def __init__(self, source: WorkflowSource) -> None:
        self._source = source
        self._site = definition_site(source.fn)
        outputs = outputs_of(source.returned, workflow=source.name, site=self._site)
        self._outputs = list(map(as_input, outputs))
        self._artifact_numbers = itertools.count()
        self._nodes: dict[TaskInvocation, _Node] = {}
        self._invocation_ids: set[str] = set()
        self._constants = Constants()
        self._library = TaskLibrary(
            default_source_import=source.default_source_import,
            default_dependency_imports=source.default_dependency_imports,
        )

    def build(self) -> ir.WorkflowDef:
        source = self._source
        self._walk()
        invocations = {node.id: self._invocation_model(node) for node in self._nodes.values()}
        return ir.WorkflowDef(
            name=source.name,
            fn_ref=function_ref(source.fn),
            imports=self._library.imports(),
            tasks=self._library.tasks,
            artifact_nodes=self._artifacts(),
            constant_nodes=self._constants.nodes(),
            task_invocations=invocations,
            output_ids=[self._argument_id(output) for output in self._outputs],
            data_aggregation=self._head_node(),
            metadata=_metadata(),
            resources=self._workflow_resources(),
        )

    def _walk(self) -> None:
        owner = f"workflow `{self._source.name}`"
        use = Use(role="An output of", owner=owner, site=self._site)
        stack = [(output, use) for output in self._outputs]
        while stack:
            value, use = stack.pop()
            if isinstance(value, Constant):
                self._constants.add(value, use=use)
            elif value.invocation not in self._nodes:
                self._add(value.invocation)
                use = _use_by(value.invocation)
                stack.extend(
                    (argument, use)
                    for argument in value.invocation.inputs
                    if isinstance(argument, ArtifactFuture) or argument not in self._constants
                )

    def _add(self, invocation: TaskInvocation) -> None:
        task = invocation.task
        output = task.output
        elements = output.n_outputs if output.is_subscriptable else 0
        self._nodes[invocation] = _Node(
            id=self._new_invocation_id(invocation),
            task_id=self._library.add(task),
            invocation=invocation,
            elements=[self._new_artifact_id(task.__name__) for _ in range(elements)],
            packed=self._new_artifact_id(task.__name__),
        )

    def _new_artifact_id(self, task_name: str) -> ir.ArtifactNodeId:
        number = next(self._artifact_numbers)
        return ir.ArtifactNodeId(clean_name(f"artifact-{number}-{task_name}"))

    def _new_invocation_id(self, invocation: TaskInvocation) -> ir.TaskInvocationId:
        number = len(self._nodes)
        name = f"invocation-{number}-task-{invocation.task.__name__}"
        if invocation.custom_name is not None:
            name = f"name-{invocation.custom_name}-{name}"
        clean = clean_name(name)
        if clean in self._invocation_ids:  # a long custom name has pushed the number out
            clean = f"{clean[: -len(str(number)) - 1]}-{number}"
        self._invocation_ids.add(clean)
        return ir.TaskInvocationId(clean)

    def _argument_id(self, value: ArtifactFuture[Any] | Constant) -> str:
        if isinstance(value, ArtifactFuture):
            return self._nodes[value.invocation].artifact(value.output_index)
        return self._constants.id_of(value)

    def _artifacts(self) -> dict[ir.ArtifactNodeId, ir.ArtifactNode]:
        nodes = self._nodes.values()
        elements = [
            ir.ArtifactNode(id=artifact_id, artifact_index=index)
            for node in nodes
            for index, artifact_id in enumerate(node.elements)
        ]
        packed = [ir.ArtifactNode(id=node.packed) for node in nodes]
        return {artifact.id: artifact for artifact in [*elements, *packed]}

    def _invocation_model(self, node: _Node) -> ir.TaskInvocation:
        invocation = node.invocation
        resources = invocation.resources._replace(nodes=None)
        env_vars = invocation.env_vars
        check_invocation(
            invocation.task.__name__, resources=resources, env_vars=env_vars, site=invocation.site
        )
        ids = [self._argument_id(value) for value in invocation.inputs]
        positional = len(invocation.args)
        names = (name for name, _ in invocation.kwargs)
        return ir.TaskInvocation(
            id=node.id,
            task_id=node.task_id,
            args_ids=ids[:positional],
            kwargs_ids=dict(zip(names, ids[positional:], strict=True)),
            output_ids=[*node.elements, node.packed],
            resources=resources_model(resources),
            custom_image=_image(invocation),
            env_vars=None if env_vars is None else dict(env_vars),
        )

    def _workflow_resources(self) -> ir.Resources | None:
        source = self._source
        owner = located(f"Workflow `{source.name}`", at=self._site)
        check_resources(source.resources, owner=owner)
        return resources_model(source.resources)

    def _head_node(self) -> ir.DataAggregation | None:
        resources = self._source.head_node_resources
        if resources is None:
            return None
        owner = located(f"The head node of workflow `{self._source.name}`", at=self._site)
        check_resources(resources, owner=owner)
        return ir.DataAggregation(resources=resources_model(resources))


def _use_by(invocation: TaskInvocation) -> Use:
    owner = f"task `{invocation.task.__name__}`"
    return Use(role="An argument of", owner=owner, site=invocation.site)


def _image(invocation: TaskInvocation) -> str:
    chosen = invocation.custom_image or invocation.task.options.custom_image
    if chosen:
        return chosen
    return ir.DEFAULT_CUDA_IMAGE if gpu_count(invocation.resources.gpu) else ir.DEFAULT_IMAGE


def _metadata() -> ir.WorkflowMetadata:
    sdk = installed_sdk_version()
    python = sys.version_info
    return ir.WorkflowMetadata(
        sdk_version=ir.Version(
            original=str(sdk),
            major=sdk.major,
            minor=sdk.minor,
            patch=sdk.micro,
            is_prerelease=sdk.is_prerelease,
        ),
        python_version=ir.Version(
            original=sys.version,
            major=python.major,
            minor=python.minor,
            patch=python.micro,
            is_prerelease=python.releaselevel != "final",
        ),
        head_node_image=ir.DEFAULT_HEAD_NODE_IMAGE,
    )


def _relative(path: str) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:  # Windows: another drive
        return path
