"""Workflows of random shape, the same ones each time."""

import random
from pathlib import Path

PRELUDE = """
from orquestra import sdk


@sdk.task
def one(*args, **kwargs):
    return args


@sdk.task
def pair(*args, **kwargs):
    return args, kwargs


@sdk.task(n_outputs=3, resources=sdk.Resources(cpu="1"), env_vars={"A": "1"})
def triple(*args, **kwargs):
    return args, kwargs, len(args)


@sdk.task(custom_name="sum of {x}", custom_image="mine:1")
def named(x, *args, **kwargs):
    return x


LIST = [1, 2]
SET = {3}
"""

CONSTANTS = (
    *("0", "1", "1.0", "True", "None", "'a'", "'b'", "'a long text indeed'", "(1, 'a')", "((), 2)"),
    *("[1, 2]", "{'k': [1]}", "{1, 2}", "b'bytes'", "LIST", "SET", "[LIST, 1]"),
)
CHANGES = (
    *("", "", "", ".with_resources(cpu='2', gpu=None)", ".with_custom_image('other:2')"),
    *(".with_env_variables({'B': '2'})", ".with_invocation_meta(memory='1Gi')"),
)


def write_random_programs(folder: Path, *, programs: int) -> None:
    """Write a module of that many workflows into a folder."""
    workflows = [_workflow(number) for number in range(programs)]
    (folder / "random_workflows.py").write_text("\n\n".join([PRELUDE, *workflows]))


def _workflow(number: int) -> str:
    # What is random is the shape only: the same seed gives the same program.
    draw = random.Random(number)
    futures: list[str] = []
    lines = [_call(draw, futures) for _ in range(draw.randint(1, 8))]
    outputs = [draw.choice(futures), *(_value(draw, futures) for _ in range(draw.randint(0, 3)))]
    body = "\n".join(f"    {line}" for line in lines)
    return f"@sdk.workflow\ndef workflow_{number}():\n{body}\n    return [{', '.join(outputs)}]\n"


def _call(draw: random.Random, futures: list[str]) -> str:
    """A statement that calls a task; adds the names of its results to `futures`."""
    task, results = draw.choice([("one", 1), ("named", 1), ("pair", 2), ("triple", 3)])
    arguments = [_value(draw, futures) for _ in range(draw.randint(0, 3))]
    if task == "named":
        arguments.insert(0, draw.choice(["0", "'ä b'", "None"]))
    arguments += [f"key_{n}={_value(draw, futures)}" for n in range(draw.randint(0, 2))]
    call = f"{task}({', '.join(arguments)}){draw.choice(CHANGES)}"
    name = f"v{len(futures)}"
    if results == 1:
        futures.append(name)
        return f"{name} = {call}"
    elements = [f"{name}_{n}" for n in range(results)]
    if draw.random() < 0.5:
        futures += elements
        return f"{', '.join(elements)} = {call}"
    futures += [name, f"{name}[{draw.randrange(-results, results)}]"]
    return f"{name} = {call}"


def _value(draw: random.Random, futures: list[str]) -> str:
    return draw.choice(futures if futures and draw.random() < 0.5 else CONSTANTS)
