"""`orq wf nodes`."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.options import config_option, json_option, run_id_argument

if TYPE_CHECKING:
    from orquestra.sdk.schema import api


@click.command()
@run_id_argument
@config_option
@json_option
def nodes(run_id: str | None, config: str | None, as_json: bool) -> None:
    """Show every node that a run has or had: its image, its times, the tasks on it."""
    from orquestra.cli.logins import find_run
    from orquestra.cli.printing import print_json
    from orquestra.cli.workflow.functions import function_name

    run = find_run(run_id, config=config)
    name_function = partial(function_name, run.get_status_model().workflow_def)
    document = describe(run.run_id, run.get_nodes(), name_function=name_function)
    if as_json:
        print_json(document)
    else:
        _print(document)


def describe(
    run_id: str, pools: "Sequence[api.Pool]", *, name_function: Callable[[str], str]
) -> dict[str, Any]:
    """The document that is shown: pools as they came into use, their nodes, the tasks on those."""
    return {
        "run_id": run_id,
        "pools": [
            {
                **pool.model_dump(mode="json", exclude={"nodes"}),
                "nodes": [_describe_node(node, name_function) for node in pool.nodes],
            }
            for pool in sorted(pools, key=_first_request)
        ],
    }


def _first_request(pool: "api.Pool") -> float:
    requests = (node.request_time.timestamp() for node in pool.nodes)
    return min(requests, default=float("inf"))


def _describe_node(node: "api.Node", name_function: Callable[[str], str]) -> dict[str, Any]:
    document = node.model_dump(mode="json", exclude={"pool", "image", "digest"})
    for task in document["tasks"]:
        task["function"] = name_function(task["invocation_id"])
    return document


def _print(document: dict[str, Any]) -> None:
    from orquestra.cli import printing

    for pool in document["pools"]:
        word = "node" if pool["max_nodes"] == 1 else "nodes"
        # No rule: its title would be cut off where there is too little room for it.
        title = f"{pool['image']}  at most {pool['max_nodes']} {word} of {_size(pool)}"
        click.secho(title, bold=True)
        if not pool["nodes"]:
            click.echo("  no node was needed yet\n")
            continue
        printing.print_table(
            ("Node", "State", "Requested", "Joined", "Ended", "Tasks"),
            [_row(node) for node in pool["nodes"]],
        )
        _print_messages(pool["nodes"])


def _row(node: dict[str, Any]) -> tuple[str, ...]:
    from orquestra.cli.printing import local_clock

    return (
        node["id"],
        node["state"],
        local_clock(node["request_time"]),
        local_clock(node["start_time"]),
        local_clock(node["end_time"]),
        _tasks(node["tasks"]),
    )


def _tasks(tasks: list[dict[str, Any]]) -> str:
    """The functions that ran; of one that did so often, the number: a map may have thousands."""
    counts = Counter(task["function"] or task["invocation_id"] for task in tasks)
    return ", ".join(
        name if count == 1 else f"{name} ({count} times)" for name, count in counts.items()
    )


def _print_messages(nodes: list[dict[str, Any]]) -> None:
    for node in nodes:
        if node["message"]:
            click.echo(f"  {node['id']}: {node['message']}")


def _size(pool: dict[str, Any]) -> str:
    gibibytes = pool["memory"] / 2**30
    parts = [f"{pool['cpu']:g} CPU", f"{gibibytes:.3g} GiB"]
    return ", ".join([*parts, f"{pool['gpu']} GPU"] if pool["gpu"] else parts)
