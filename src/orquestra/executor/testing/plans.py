"""A short way to write the plan of a run: tasks from functions, without the SDK's tracing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orquestra.sdk.code.functions import encode_function
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import (
    Location,
    NodeSize,
    PoolId,
    PoolPlan,
    RunContext,
    RunPlan,
    StoredValue,
    ValueFormat,
)
from orquestra.sdk.schema.workflow_run import WorkflowRunId
from orquestra.sdk.secret import Secret, secret_node
from orquestra.sdk.values import serialize, to_chunks

DEFAULT_POOL = PoolId("default")
DEFAULT_SIZE = NodeSize(cpu=1, memory=2**30, gpu=0)


@dataclass(frozen=True, kw_only=True)
class Made:
    """What an invocation makes: `packed`, and `parts` that can be used on their own."""

    invocation_id: ir.TaskInvocationId
    packed: ir.ArtifactNodeId
    parts: tuple[ir.ArtifactNodeId, ...]


@dataclass(frozen=True, kw_only=True)
class Built:
    """A run as the engine would hand it out: its plan, its definition, and the pools it uses."""

    plan: RunPlan
    definition: ir.WorkflowDef
    pools: list[PoolPlan]


class PlanBuilder:
    """Builds a run call by call. Arguments that are `Made` or artifact ids are upstream.

    A list, tuple or dictionary that holds some, or a `Secret`, becomes a collection.
    """

    def __init__(
        self,
        *,
        pools: Mapping[str, tuple[int, NodeSize]] | None = None,
        min_nodes: int = 0,
        run_id: str = "run-1",
    ) -> None:
        """`pools` maps names to the number of nodes and their size; one small node by default."""
        chosen = pools or {DEFAULT_POOL: (1, DEFAULT_SIZE)}
        self._run_id = WorkflowRunId(run_id)
        self._pools = [
            PoolPlan(
                id=PoolId(name),
                image=f"{name}-image",
                min_nodes=min_nodes,
                max_nodes=count,
                size=size,
            )
            for name, (count, size) in chosen.items()
        ]
        self._pool_of: dict[ir.TaskInvocationId, PoolId] = {}
        self._imports: dict[ir.ImportId, ir.Import] = {}
        self._tasks: dict[ir.TaskDefId, ir.TaskDef] = {}
        self._known: dict[Any, ir.TaskDef] = {}
        self._artifacts: dict[ir.ArtifactNodeId, ir.ArtifactNode] = {}
        self._constants: dict[ir.ConstantNodeId, ir.ConstantNode] = {}
        self._secrets: dict[ir.SecretNodeId, ir.SecretNode] = {}
        self._collections: dict[ir.CollectionNodeId, ir.CollectionNode] = {}
        self._invocations: dict[ir.TaskInvocationId, ir.TaskInvocation] = {}

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        outputs: int = 1,
        pool: str | None = None,
        map_over: Sequence[int] = (),
        resources: ir.Resources | None = None,
        env_vars: Mapping[str, str] | None = None,
        requirements: tuple[str, ...] = (),
        **fields: Any,
    ) -> Made:
        """Add one invocation of a task that is made of the function; `fields` are of its node."""
        number = len(self._invocations)
        invocation_id = ir.TaskInvocationId(f"invocation-{number}-task-{function.__name__}")
        task = self._task(function, outputs=outputs, requirements=requirements, fields=fields)
        made = self._outputs(invocation_id, number=number, outputs=outputs)
        self._pool_of[invocation_id] = PoolId(pool) if pool else self._pools[0].id
        self._invocations[invocation_id] = ir.TaskInvocation(
            id=invocation_id,
            task_id=task.id,
            args_ids=[self._argument(argument) for argument in arguments],
            kwargs_ids={},
            output_ids=[*made.parts, made.packed],
            resources=resources,
            env_vars=dict(env_vars) if env_vars else None,
            map_over=list(map_over) or None,
        )
        return made

    def build(
        self,
        *outputs: Made,
        stored: tuple[ir.ArtifactNodeId, ...] = (),
        dry_run: bool = False,
        max_nodes: int | None = None,
        source_files: Mapping[str, str] | None = None,
        context: RunContext | None = None,
    ) -> Built:
        """The run, with the given results as the workflow's."""
        reference = ir.ModuleFunctionRef(module="workflow", function_name="workflow")
        definition = ir.WorkflowDef(
            name="workflow",
            fn_ref=reference,
            imports=self._imports,
            tasks=self._tasks,
            artifact_nodes=self._artifacts,
            constant_nodes=self._constants,
            secret_nodes=self._secrets,
            task_invocations=self._invocations,
            output_ids=[made.packed for made in outputs],
            collection_nodes=self._collections,
            source_files=dict(source_files or {}),
        )
        invocations: dict[PoolId, list[ir.TaskInvocationId]] = {}
        for invocation_id, pool_id in self._pool_of.items():
            invocations.setdefault(pool_id, []).append(invocation_id)
        plan = RunPlan(
            run_id=self._run_id,
            dry_run=dry_run,
            invocations=invocations,
            max_nodes={pool.id: max_nodes or pool.max_nodes for pool in self._pools},
            stored=[StoredValue(artifact_id, _place(artifact_id)) for artifact_id in stored],
            context=context,
        )
        return Built(plan=plan, definition=definition, pools=self._pools)

    def _task(
        self,
        function: Callable[..., Any],
        *,
        outputs: int,
        requirements: tuple[str, ...],
        fields: Mapping[str, Any],
    ) -> ir.TaskDef:
        key = function, outputs, requirements, tuple(fields.items())
        found = self._known.get(key)
        if found:
            return found
        number = len(self._tasks)
        source = ir.InlineImport(id=ir.ImportId(f"inline-import-{number}"))
        packages = ir.PythonImports(
            id=ir.ImportId(f"python-import-{number}"),
            packages=[_package(requirement) for requirement in requirements],
            pip_options=[],
        )
        self._imports |= {source.id: source, packages.id: packages}
        task = ir.TaskDef(
            id=ir.TaskDefId(f"task-{function.__name__}-{number}"),
            fn_ref=ir.InlineFunctionRef(
                function_name=function.__name__, encoded_function=encode_function(function)
            ),
            output_metadata=ir.TaskOutputMetadata(is_subscriptable=outputs > 1, n_outputs=outputs),
            source_import_id=source.id,
            dependency_import_ids=[packages.id],
            **fields,
        )
        self._tasks[task.id] = self._known[key] = task
        return task

    def _outputs(self, invocation_id: ir.TaskInvocationId, *, number: int, outputs: int) -> Made:
        packed = ir.ArtifactNodeId(f"artifact-{number}")
        count = outputs if outputs > 1 else 0
        parts = tuple(ir.ArtifactNodeId(f"{packed}-{index}") for index in range(count))
        for index, artifact_id in enumerate(parts):
            self._artifacts[artifact_id] = ir.ArtifactNode(id=artifact_id, artifact_index=index)
        self._artifacts[packed] = ir.ArtifactNode(id=packed)
        return Made(invocation_id=invocation_id, packed=packed, parts=parts)

    def _argument(self, argument: Any) -> str:
        if isinstance(argument, Made):
            return argument.packed
        if isinstance(argument, str) and argument in self._artifacts:
            return argument
        if isinstance(argument, Secret):
            node = secret_node(argument, node_id=f"secret-{len(self._secrets)}")
            self._secrets[node.id] = node
            return node.id
        if isinstance(argument, list | tuple | dict) and self._holds_nodes(argument):
            return self._collection(argument)
        return self._constant(argument)

    def _holds_nodes(self, value: Any) -> bool:
        if isinstance(value, Made | Secret):
            return True
        if isinstance(value, dict):
            return any(map(self._holds_nodes, value.values()))
        return isinstance(value, list | tuple) and any(map(self._holds_nodes, value))

    def _collection(self, value: Any) -> str:
        kind = ir.CollectionType(type(value).__name__.upper())
        is_dict = isinstance(value, dict)
        keys = [self._argument(key) for key in value] if is_dict else []
        items = [self._argument(item) for item in (value.values() if is_dict else value)]
        node_id = ir.CollectionNodeId(f"collection-{len(self._collections)}")
        self._collections[node_id] = ir.CollectionNode(
            id=node_id, type=kind, keys=keys, items=items
        )
        return node_id

    def _constant(self, value: Any) -> ir.ConstantNodeId:
        constant_id = ir.ConstantNodeId(f"constant-{len(self._constants)}")
        serialized = serialize(value)
        preview = repr(value)[: ir.VALUE_PREVIEW_LENGTH]
        if serialized.format is ir.ArtifactFormat.JSON:
            self._constants[constant_id] = ir.ConstantNodeJSON(
                id=constant_id, value=serialized.data.decode(), value_preview=preview
            )
        else:
            self._constants[constant_id] = ir.ConstantNodePickle(
                id=constant_id, chunks=to_chunks(serialized.data), value_preview=preview
            )
        return constant_id


def _place(artifact_id: ir.ArtifactNodeId) -> Location:
    return Location(f"run-1.stored.{artifact_id}", 0, 1, ValueFormat.JSON)


def _package(requirement: str) -> ir.PackageSpec:
    return ir.PackageSpec(
        name=requirement, extras=[], version_constraints=[], environment_markers=""
    )
