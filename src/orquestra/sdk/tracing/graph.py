"""From the futures that a workflow function returned to the definition of the workflow.

The graph is walked from its outputs backwards, depth first, with a stack; what is met gets the
next number. Order and numbers are those of release 1.1, because ids stand in users' programs.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from orquestra.sdk.call_sites import definition_site, located, warn_user
from orquestra.sdk.code.functions import named_reference
from orquestra.sdk.exceptions import IgnoredFieldWarning
from orquestra.sdk.garbage import garbage_kept
from orquestra.sdk.schema import ir
from orquestra.sdk.tracing.constants import Use
from orquestra.sdk.tracing.data_nodes import DataNodes
from orquestra.sdk.tracing.futures import ArtifactFuture, TaskInvocation
from orquestra.sdk.tracing.origins import metadata
from orquestra.sdk.tracing.resources import Resources, check_resources, gpu_count
from orquestra.sdk.tracing.returned_values import outputs_of
from orquestra.sdk.tracing.snapshots import Constant, Input, constants_in
from orquestra.sdk.tracing.task_library import (
    TaskLibrary,
    check_invocation,
    clean_name,
    resources_model,
)
from orquestra.sdk.tracing.workflows import WorkflowOptions


@dataclass(frozen=True, kw_only=True)
class WorkflowSource:
    """A workflow right after its function has run: what it returned and what it asks for."""

    name: str
    fn: FunctionType
    returned: Any
    options: WorkflowOptions


def build_definition(source: WorkflowSource) -> ir.WorkflowDef:
    """The definition of a workflow.

    Raises:
        WorkflowSyntaxError: the workflow cannot be sent; the message says what to change.
        InvalidTaskDefinitionError: a task can never run.
    """
    with garbage_kept():  # all that building makes stays, and looking through it takes time
        return _GraphBuilder(source).build()


@dataclass(frozen=True, kw_only=True, slots=True)
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
        self._outputs = outputs_of(source.returned, workflow=source.name, site=self._site)
        self._artifact_numbers = itertools.count()
        self._nodes: dict[TaskInvocation, _Node] = {}
        self._invocation_ids: set[str] = set()
        self._data = DataNodes()
        self._library = TaskLibrary(
            default_source_import=source.options.default_source_import,
            default_dependency_imports=source.options.default_dependency_imports,
        )

    def build(self) -> ir.WorkflowDef:
        source = self._source
        self._walk()
        invocations = {node.id: self._invocation_model(node) for node in self._nodes.values()}
        self._warn_of_disk()
        return ir.WorkflowDef(
            name=source.name,
            fn_ref=named_reference(source.fn),
            imports=self._library.imports(),
            tasks=self._library.tasks,
            artifact_nodes=self._artifacts(),
            constant_nodes=self._data.constants.nodes(cached=self._cached_constants()),
            secret_nodes=self._data.secret_nodes(),
            collection_nodes=self._data.collection_nodes(self._argument_id),
            task_invocations=invocations,
            output_ids=list(map(self._argument_id, self._outputs)),
            data_aggregation=self._head_node(),
            metadata=metadata(head_node_image=source.options.head_node_image),
            resources=self._workflow_resources(),
            source_files=self._library.source_files(),
        )

    def _walk(self) -> None:
        owner = f"workflow `{self._source.name}`"
        use = Use(role="An output of", owner=owner, site=self._site)
        stack = [(output, use) for output in self._outputs]
        while stack:
            value, use = stack.pop()
            if not isinstance(value, ArtifactFuture):
                inside = self._data.add(value, use=use)
            elif value.invocation in self._nodes:
                continue
            else:
                self._add(value.invocation)
                use = self._use_by(value.invocation)
                inside = value.invocation.inputs
            stack.extend((part, use) for part in inside if self._is_new(part))

    def _use_by(self, invocation: TaskInvocation) -> Use:
        task = invocation.task
        return Use(
            role="An argument of",
            owner=f"task `{task.__name__}`",
            site=invocation.site,
            by_value=self._library.is_inline(task),
        )

    def _is_new(self, part: Input) -> bool:
        # Futures are looked up when their turn comes: that many look-ups fewer.
        return isinstance(part, ArtifactFuture) or part not in self._data

    def _add(self, invocation: TaskInvocation) -> None:
        task = invocation.task
        output = invocation.output
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

    def _argument_id(self, value: Input) -> str:
        if isinstance(value, ArtifactFuture):
            return self._nodes[value.invocation].artifact(value.output_index)
        return self._data.id_of(value)

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
        env_vars = invocation.env_vars
        ids = list(map(self._argument_id, invocation.inputs))
        positional = len(invocation.args)
        names = (name for name, _ in invocation.kwargs)
        return ir.TaskInvocation(
            id=node.id,
            task_id=node.task_id,
            args_ids=ids[:positional],
            kwargs_ids=dict(zip(names, ids[positional:], strict=True)),
            output_ids=[*node.elements, node.packed],
            resources=self._invocation_resources(node),
            custom_image=_image(invocation),
            env_vars=None if env_vars is None else dict(env_vars),
            map_over=None if invocation.map_over is None else list(range(invocation.map_over)),
        )

    def _invocation_resources(self, node: _Node) -> ir.Resources | None:
        invocation, task = node.invocation, node.invocation.task
        resources, env_vars = invocation.resources, invocation.env_vars
        if resources is task.options.resources and env_vars is task.options.env_vars:
            return self._library.tasks[node.task_id].resources  # checked with the task
        check_invocation(
            task.__name__, resources=resources, env_vars=env_vars, site=invocation.site
        )
        return resources_model(resources._replace(nodes=None))

    def _workflow_resources(self) -> ir.Resources | None:
        resources = self._source.options.resources
        check_resources(resources, owner=located(f"Workflow `{self._source.name}`", at=self._site))
        return resources_model(resources)

    def _cached_constants(self) -> set[Constant]:
        nodes = self._nodes
        return constants_in(
            part for node in nodes if node.task.options.cache for part in node.inputs
        )

    def _head_node(self) -> ir.DataAggregation | None:
        resources = self._source.options.head_node_resources
        if resources is None:
            return None
        owner = located(f"The head node of workflow `{self._source.name}`", at=self._site)
        check_resources(resources, owner=owner)
        return ir.DataAggregation(resources=resources_model(resources))

    def _warn_of_disk(self) -> None:
        disk = next((asked.disk for asked in self._asked() if asked.disk is not None), None)
        if disk is not None:
            warn_user(
                f"Workflow `{self._source.name}` asks for disk={disk!r}. The definition says so, "
                "but no runtime gives tasks a disk of a certain size; they share that of their "
                "node.",
                IgnoredFieldWarning,
            )

    def _asked(self) -> Iterator[Resources]:
        options = self._source.options
        yield options.resources
        if options.head_node_resources is not None:
            yield options.head_node_resources
        for invocation in self._nodes:
            yield invocation.resources


def _image(invocation: TaskInvocation) -> str:
    chosen = invocation.custom_image or invocation.task.options.custom_image
    if chosen:
        return chosen
    return ir.DEFAULT_CUDA_IMAGE if gpu_count(invocation.resources.gpu) else ir.DEFAULT_IMAGE
