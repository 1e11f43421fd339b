"""Small workflow definitions, written out as the SDK would write them."""

from collections.abc import Sequence
from dataclasses import dataclass

from orquestra.sdk.schema import ir


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a task, without arguments."""

    name: str
    image: str | None = None
    task_image: str | None = None
    resources: ir.Resources | None = None


def version(text: str) -> ir.Version:
    parts = [int(part) for part in text.split("a", maxsplit=1)[0].split(".")]
    return ir.Version(
        original=text, major=parts[0], minor=parts[1], patch=parts[2], is_prerelease="a" in text
    )


def metadata(
    *, sdk: str = "2.0.0a1", python: str = "3.11.7", head: str | None = None
) -> ir.WorkflowMetadata:
    return ir.WorkflowMetadata(
        sdk_version=version(sdk), python_version=version(python), head_node_image=head
    )


def workflow(
    *calls: Call,
    made_by: ir.WorkflowMetadata | None = None,
    resources: ir.Resources | None = None,
    head: ir.Resources | None = None,
) -> ir.WorkflowDef:
    """A workflow of independent calls, which returns all their results."""
    invocations = [_invocation(call, number=number) for number, call in enumerate(calls)]
    return ir.WorkflowDef(
        name="demo",
        fn_ref=ir.ModuleFunctionRef(module="demo", function_name="demo"),
        imports={ir.ImportId("inline"): ir.InlineImport(id=ir.ImportId("inline"))},
        tasks={task.id: task for task in _tasks(calls)},
        artifact_nodes={
            output: ir.ArtifactNode(id=output)
            for invocation in invocations
            for output in invocation.output_ids
        },
        constant_nodes={},
        task_invocations={invocation.id: invocation for invocation in invocations},
        output_ids=[invocation.output_ids[0] for invocation in invocations],
        data_aggregation=ir.DataAggregation(resources=head) if head else None,
        metadata=made_by,
        resources=resources,
    )


def _tasks(calls: Sequence[Call]) -> list[ir.TaskDef]:
    return [
        ir.TaskDef(
            id=ir.TaskDefId(f"task-{call.name}"),
            fn_ref=ir.ModuleFunctionRef(module="demo", function_name=call.name),
            source_import_id=ir.ImportId("inline"),
            custom_image=call.task_image,
        )
        for call in calls
    ]


def _invocation(call: Call, *, number: int) -> ir.TaskInvocation:
    return ir.TaskInvocation(
        id=ir.TaskInvocationId(f"invocation-{number}-task-{call.name}"),
        task_id=ir.TaskDefId(f"task-{call.name}"),
        args_ids=[],
        kwargs_ids={},
        output_ids=[ir.ArtifactNodeId(f"artifact-{number}-{call.name}")],
        resources=call.resources,
        custom_image=call.image,
    )
