"""Workflow definitions as drawings, for notebooks and files: `workflow().graph`."""

import graphviz

from orquestra.sdk.schema import ir

_OUTPUTS = "aggregation_step"
"""The node of the workflow's outputs; the name is that of release 1.1."""
_TEXT = {"fontname": "courier", "fontcolor": "grey7"}


def drawn(definition: ir.WorkflowDef) -> graphviz.Digraph:
    """A directed graph whose nodes have the ids of the definition.

    Arguments point to the calls that take them, calls to what they make, and that to the outputs.
    """
    graph = graphviz.Digraph(node_attr=dict(_TEXT), edge_attr=dict(_TEXT))
    _draw_data(graph, definition)
    for invocation in definition.task_invocations.values():
        label = rf"{_call(invocation, definition)}\n{invocation.id}"
        graph.node(invocation.id, label=label, shape="rectangle")
        for argument_id in invocation.argument_ids():
            graph.edge(argument_id, invocation.id)
        for artifact_id in invocation.output_ids:
            graph.edge(invocation.id, artifact_id)
    graph.node(_OUTPUTS, label="outputs", shape="record")
    for output_id in definition.output_ids:
        graph.edge(output_id, _OUTPUTS)
    return graph


def _draw_data(graph: graphviz.Digraph, definition: ir.WorkflowDef) -> None:
    for artifact_id in definition.artifact_nodes:
        graph.node(artifact_id, label="", shape="circle")
    for constant in definition.constant_nodes.values():
        _draw_value(graph, constant.id, label=constant.value_preview)
    for secret in definition.secret_nodes.values():
        _draw_value(graph, secret.id, label=f"secret {secret.secret_name}")
    for collection in definition.collection_nodes.values():
        _draw_value(graph, collection.id, label=collection.type.value.lower())
        for part_id in [*collection.keys, *collection.items]:
            graph.edge(part_id, collection.id)


def _draw_value(graph: graphviz.Digraph, node_id: str, *, label: str) -> None:
    graph.node(node_id, label=_in_record(label), shape="record", style="rounded")


def _call(invocation: ir.TaskInvocation, definition: ir.WorkflowDef) -> str:
    ref = definition.tasks[invocation.task_id].fn_ref
    home = getattr(ref, "module", None) or getattr(ref, "file_path", None) or "[inlined]"
    line = getattr(ref, "line_number", None)
    mapped = "[]" if invocation.map_over else ""
    place = "" if line is None else f":{line}"
    return f"{home}.{ref.function_name}{mapped}(){place}"


def _in_record(text: str) -> str:
    """A text as the label of a record: what would divide it into fields is escaped."""
    return "".join(f"\\{each}" if each in r"\{}|<> " else each for each in text)
