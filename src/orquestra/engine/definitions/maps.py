"""Whether the maps of a definition can be opened."""

from collections.abc import Iterable

from orquestra.engine.definitions.problems import require
from orquestra.sdk.schema import ir


def check_maps(definition: ir.WorkflowDef) -> None:
    """Make sure that maps go over arguments that may be sequences, and make one list each.

    Raises:
        InvalidDefinition: The first problem found.
    """
    maps = [each for each in definition.task_invocations.values() if each.map_over is not None]
    for invocation in maps:
        _check_arguments(definition, invocation)
        _check_result(definition, invocation)
    if maps:
        _check_ids(definition, bases={each.id for each in maps}, ids=definition.task_invocations)
        lists: set[str] = {artifact for each in maps for artifact in each.output_ids}
        _check_ids(definition, bases=lists, ids=definition.artifact_nodes)


def _check_arguments(definition: ir.WorkflowDef, invocation: ir.TaskInvocation) -> None:
    places = invocation.map_over or []
    require(
        definition,
        holds=len(set(places)) == len(places) > 0,
        problem=f"{invocation.id!r} maps over {places}, which are not one or more arguments",
    )
    for place in places:
        argument_id = _argument(invocation, place)
        require(
            definition,
            holds=argument_id is not None,
            problem=f"{invocation.id!r} maps over its argument {place!r}, which is not there",
        )
        require(
            definition,
            holds=_may_be_sequence(definition, argument_id or ""),
            problem=f"{invocation.id!r} maps over {argument_id!r}, which is no sequence",
        )


def _argument(invocation: ir.TaskInvocation, place: int | str) -> str | None:
    if isinstance(place, str):
        return invocation.kwargs_ids.get(place)
    return invocation.args_ids[place] if 0 <= place < len(invocation.args_ids) else None


def _may_be_sequence(definition: ir.WorkflowDef, argument_id: str) -> bool:
    collection = definition.collection_nodes.get(ir.CollectionNodeId(argument_id))
    if collection is not None:
        return collection.type is not ir.CollectionType.DICT
    return argument_id not in definition.secret_nodes


def _check_result(definition: ir.WorkflowDef, invocation: ir.TaskInvocation) -> None:
    nodes = [definition.artifact_nodes[each] for each in invocation.output_ids]
    require(
        definition,
        holds=len(nodes) == 1 and nodes[0].artifact_index is None,
        problem=f"the map {invocation.id!r} produces {len(nodes)} values instead of one list",
    )


def _check_ids(definition: ir.WorkflowDef, *, bases: set[str], ids: Iterable[str]) -> None:
    """Nothing may have the id of what a map makes when it is opened."""
    for each in ids:
        base, index = ir.split_element_id(each)
        require(
            definition,
            holds=index is None or base not in bases,
            problem=f"{each!r} has the id of an element of {base!r}",
        )
