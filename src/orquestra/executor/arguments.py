"""The arguments of a run's calls, as workers are told of them."""

from collections.abc import Callable, Iterable, Mapping

from orquestra.executor.constants import Constants
from orquestra.executor.jobs import Job
from orquestra.executor.maps import Maps, mapped
from orquestra.executor.protocol import Argument, Constant, Gathered, Given, Item, Own
from orquestra.executor.secret_access import named_secret
from orquestra.sdk.schema import ir
from orquestra.sdk.schema.cluster import Location

MANY = 1000
"""Values in a collection from which on it is written into the exchange, for all its calls."""


class Arguments:
    """What calls are given, by the ids that invocations name."""

    def __init__(
        self,
        definition: ir.WorkflowDef,
        values: Mapping[ir.ArtifactNodeId, Location],
        *,
        constants: Constants,
        maps: Maps,
    ) -> None:
        """`values` are where artifacts lie by now; a call takes others from its own worker."""
        self._definition = definition
        self._artifacts = definition.artifact_nodes
        self._collections = definition.collection_nodes
        self._values = values
        self._constants = constants
        self._maps = maps
        self._trees: dict[str, Gathered] = {}
        """Collections of which all values are there."""
        self._bundles: dict[str, Argument] = {}

    def of(self, job: Job) -> Given:
        """What the call of a job is given."""
        invocation = self._definition.task_invocations[job.invocation_id]
        work = job.kind.work
        if work == "task":
            return self._given(invocation, job.element, self._get)
        if work == "gather":
            return (self._list(self._maps[invocation.id].located()),), ()
        sequences = mapped(invocation).items()
        return (), tuple((str(place), self._sequence(each)) for place, each in sequences)

    def plain(self, job: Job) -> Given:
        """What the task of a job is given, with all parts of collections in place."""
        invocation = self._definition.task_invocations[job.invocation_id]
        return self._given(invocation, job.element, self._plain)

    def _given(
        self, invocation: ir.TaskInvocation, element: int | None, get: Callable[[str], Argument]
    ) -> Given:
        if element is None:
            return (
                tuple(map(get, invocation.args_ids)),
                tuple((name, get(each)) for name, each in invocation.kwargs_ids.items()),
            )
        over = invocation.map_over or ()
        digests = self._maps[invocation.id].digests

        def find(place: int | str, argument_id: str) -> Argument:
            if place not in over:
                return get(argument_id)
            node = self._collections.get(ir.CollectionNodeId(argument_id))
            if node is not None:
                return get(node.items[element])
            known = digests.get(str(place))
            return Item(self._whole(argument_id), element, known[element] if known else None)

        return (
            tuple(find(at, each) for at, each in enumerate(invocation.args_ids)),
            tuple((name, find(name, each)) for name, each in invocation.kwargs_ids.items()),
        )

    def _whole(self, argument_id: str) -> Constant | Location:
        artifact_id = ir.ArtifactNodeId(argument_id)
        if artifact_id in self._artifacts:
            return self._values[artifact_id]
        return self._constants.sequence(argument_id)

    def _sequence(self, argument_id: str) -> Argument:
        if argument_id in self._artifacts or argument_id in self._collections:
            return self._get(argument_id)
        return self._constants.sequence(argument_id)

    def _get(self, argument_id: str) -> Argument:
        constant = self._constants.get(argument_id)
        if constant is not None:
            return constant
        artifact_id = ir.ArtifactNodeId(argument_id)
        if artifact_id in self._artifacts:
            return self._values.get(artifact_id) or Own(artifact_id)
        node = self._collections.get(ir.CollectionNodeId(argument_id))
        if node is not None:
            return self._collection(node)
        secret = self._definition.secret_nodes.get(ir.SecretNodeId(argument_id))
        return self._constants.read(argument_id) if secret is None else named_secret(secret)

    def _plain(self, argument_id: str) -> Argument:
        return self._part(argument_id, {})

    def _part(self, argument_id: str, passing: dict[str, Gathered]) -> Argument:
        node = self._collections.get(ir.CollectionNodeId(argument_id))
        return self._get(argument_id) if node is None else self._tree(node, passing)

    def _collection(self, node: ir.CollectionNode) -> Argument:
        bundle = self._bundles.get(node.id)
        if bundle is None:
            tree = self._tree(node, {})
            bundle = self._packed(tree) if node.id in self._trees else tree
            if bundle is not tree:
                self._bundles[node.id] = bundle
        return bundle

    def _tree(self, node: ir.CollectionNode, passing: dict[str, Gathered]) -> Gathered:
        """A collection; `passing` takes those that look otherwise once all values are there."""
        known = self._trees.get(node.id) or passing.get(node.id)
        if known is None:
            keys = tuple(self._part(each, passing) for each in node.keys)
            items = tuple(self._part(each, passing) for each in node.items)
            known = Gathered(node.type, keys, items)
            trees = self._trees if self._is_settled(node) else passing
            trees[node.id] = known
        return known

    def _is_settled(self, node: ir.CollectionNode) -> bool:
        """Whether all values are there, and none is to come from the worker itself."""
        leaves = self._definition.leaves([node.id])
        return all(leaf in self._values or leaf not in self._artifacts for leaf in leaves)

    def _list(self, items: Iterable[Location]) -> Argument:
        return self._packed(Gathered(ir.CollectionType.LIST, (), tuple(items)))

    def _packed(self, gathered: Gathered) -> Argument:
        return self._constants.bundle(gathered) if _has_many(gathered) else gathered


def _has_many(gathered: Gathered) -> bool:
    count = 0
    waiting = [gathered]
    while waiting and count < MANY:
        parts = (part for group in waiting.pop()[1:] for part in group)
        for part in parts:
            count += 1
            if isinstance(part, Gathered):
                waiting.append(part)
    return count >= MANY
