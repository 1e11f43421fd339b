"""Plays runs in a time of their own, with workers that run nothing, and reads what was told."""

from orquestra.executor.testing import Behaviour, MemoryCrew
from orquestra.sdk.schema.cluster import AttemptsEnded, NodeSize, RunFinished

NODE = NodeSize(cpu=1, memory=2**30, gpu=0)
TWO = NodeSize(cpu=2, memory=2**30, gpu=0)
WIDE = {"default": (4, NODE)}
SHORT = Behaviour()


def number(value=1):
    return value


def add(*values):
    return sum(values)


def failing(name, behaviour, *, times=1000):
    """A behaviour: the first attempts of one invocation go like this."""
    left = {name: times}

    def behave(call):
        if left.get(call.invocation_id, 0) == 0:
            return SHORT
        left[call.invocation_id] -= 1
        return behaviour

    return behave


def cluster(built, *, size=NODE, nodes=1, **options):
    crew = MemoryCrew(size=size, nodes=nodes, **options)
    crew.executor.set_pools(built.pools)
    return crew


def execute(built, *, watched=0, **options):
    """Play a run; for so many seconds the executor looks at its clock."""
    crew = cluster(built, **options)
    crew.executor.begin(built.plan, built.definition)
    watch(crew, seconds=watched)
    crew.play()
    return crew


def watch(crew, *, seconds):
    for tick in range(seconds * 20):
        crew.after(tick / 20, crew.executor.turn)


def finished(crew):
    return [event for event in crew.events if isinstance(event, RunFinished)]


def ends(crew, run_id="run-1"):
    return [
        ending
        for event in crew.events
        if isinstance(event, AttemptsEnded) and event.run_id == run_id
        for ending in event.attempts
    ]


def of(crew, name):
    return [(e.attempt, e.state, e.final) for e in ends(crew) if e.invocation_id == name]
