"""Seeing what exists: containers and networks with our label, as the contract names them."""

from collections.abc import Iterator, Mapping
from typing import Any

import docker.errors

from orquestra.engine.provisioning import kernel_log, naming
from orquestra.engine.provisioning.contract import Handle, Inventory, Observation, Phase
from orquestra.sdk.schema.cluster import ClusterId, NodeId

_PHASES = {
    "running": Phase.RUNNING,
    "paused": Phase.RUNNING,
    "restarting": Phase.RUNNING,
    "stopping": Phase.RUNNING,
    "exited": Phase.EXITED,
    "stopped": Phase.EXITED,
    "dead": Phase.EXITED,
    "removing": Phase.EXITED,
}
_VANISHED = "no such container"
_LISTING_TRIES = 5


class Observer:
    """Lists what carries the label of one engine.

    A listing costs two calls. What only the details of an ended container tell (its exit code,
    whether it was for memory) is asked once, since it does not change any more.
    """

    def __init__(self, client: Any, *, engine_id: str) -> None:
        self._client = client
        self._filter = {"label": [f"{naming.ENGINE_LABEL}={engine_id}"]}
        self._known: dict[Handle, Observation] = {}

    def inventory(self) -> Inventory:
        """Everything of this engine that exists now."""
        containers = tuple(self._containers())
        self._known = {container.handle: container for container in containers}
        networks = self._client.api.networks(filters=self._filter)
        return Inventory(
            containers=containers,
            networks=frozenset(
                ClusterId(network["Labels"][naming.CLUSTER_LABEL])
                for network in networks
                if _is_of_this_release(network["Labels"])
            ),
        )

    def _containers(self) -> Iterator[Observation]:
        for listed in filter(lambda each: _is_of_this_release(each["Labels"]), self._list()):
            phase = phase_of(listed["State"])
            known = self._known.get(Handle(listed["Id"]))
            if phase is not Phase.EXITED:
                yield _observation(listed["Id"], listed["Labels"], phase=phase)
            elif known is not None and known.phase is phase:
                yield known
            else:
                yield from self._details(listed["Id"])

    def _list(self) -> list[dict[str, Any]]:
        for _ in range(_LISTING_TRIES - 1):
            try:
                return list(self._client.api.containers(all=True, filters=self._filter))
            except docker.errors.APIError as error:
                # Podman fails the whole listing when a container is removed in the middle of it.
                if _VANISHED not in str(error).lower():
                    raise
        return list(self._client.api.containers(all=True, filters=self._filter))

    def _details(self, container_id: str) -> Iterator[Observation]:
        try:
            details = self._client.api.inspect_container(container_id)
        except docker.errors.APIError as error:  # removed since the listing
            if isinstance(error, docker.errors.NotFound) or _VANISHED in str(error).lower():
                return
            raise
        yield observe(details)


def _is_of_this_release(labels: Mapping[str, str]) -> bool:
    """Whether a cluster is named; earlier releases named a run, and what they left stays theirs."""
    return naming.CLUSTER_LABEL in labels


def observe(details: Mapping[str, Any]) -> Observation:
    """A container's inspection as an observation."""
    state = details["State"]
    phase = phase_of(state["Status"])
    exit_code = int(state["ExitCode"]) if phase is Phase.EXITED else None
    return _observation(
        details["Id"],
        details["Config"]["Labels"],
        phase=phase,
        exit_code=exit_code,
        # A kill for memory that the container has survived, or left with success, ended nothing.
        out_of_memory=bool(exit_code)
        and (state["OOMKilled"] or kernel_log.ended_for_memory(details["Id"])),
    )


def phase_of(status: str) -> Phase:
    """The phase that a container engine's word for a state means."""
    return _PHASES.get(status, Phase.CREATED)


def _observation(
    container_id: str,
    labels: Mapping[str, str],
    *,
    phase: Phase,
    exit_code: int | None = None,
    out_of_memory: bool = False,
) -> Observation:
    return Observation(
        handle=Handle(container_id),
        cluster_id=ClusterId(labels[naming.CLUSTER_LABEL]),
        node_id=NodeId(labels[naming.NODE_LABEL]),
        phase=phase,
        exit_code=exit_code,
        out_of_memory=out_of_memory,
    )
