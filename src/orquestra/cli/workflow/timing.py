"""`orq wf timing`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from orquestra.cli.options import config_option, json_option, run_id_argument

if TYPE_CHECKING:
    from orquestra.sdk.schema import api

_PARTS = ("queued", "pulling", "booting", "environment", "running")


@click.command()
@run_id_argument
@config_option
@json_option
def timing(run_id: str | None, config: str | None, as_json: bool) -> None:
    """Show where the time of a run went, by task and by image, and how to save some.

    An attempt is queued, waits while the image is pulled and the node boots, gets its environment
    (a process with its Python requirements), and then runs.
    """
    from orquestra.cli.exit_codes import ExitCode
    from orquestra.cli.failures import Failure
    from orquestra.cli.logins import find_run
    from orquestra.cli.printing import print_json
    from orquestra.sdk.exceptions import NotFoundError

    run = find_run(run_id, config=config)
    try:
        document = describe(run.run_id, run.get_timing())
    except NotFoundError as error:  # the run itself was found a moment ago
        raise Failure(
            f"the Compute Engine of {run.run_id} is too old: it keeps no times",
            code=ExitCode.FAILED,
        ) from error
    if as_json:
        print_json(document)
    else:
        _print(document)


def describe(run_id: str, timing: "api.RunTiming") -> dict[str, Any]:
    """The document that is shown; `tasks` has the sums of the attempts of each task's calls."""
    attempts = [attempt.model_dump(mode="json") for attempt in timing.attempts]
    return {
        "run_id": run_id,
        "tasks": _sums(attempts),
        "images": [image.model_dump(mode="json") for image in timing.images],
        "advice": timing.advice,
        "attempts": attempts,
    }


def _sums(attempts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    tasks: dict[tuple[str, str], dict[str, Any]] = {}
    for attempt in attempts:
        name, image = attempt["function_name"], attempt["image"]
        task = tasks.setdefault(
            (name, image),
            {
                "function": name,
                "image": image,
                "attempts": 0,
                "durations": dict.fromkeys(_PARTS, 0.0),
            },
        )
        task["attempts"] += 1
        for part in _PARTS:
            task["durations"][part] += attempt["durations"][part]
    return list(tasks.values())


def _print(document: dict[str, Any]) -> None:
    from orquestra.cli import printing

    parts = [part.capitalize() for part in _PARTS]
    printing.print_table(
        ("Task", "Attempts", *parts, "Image"),
        [
            (task["function"], str(task["attempts"]), *_durations(task), task["image"])
            for task in document["tasks"]
        ],
    )
    printing.print_table(
        ("Image", "Attempts", "Nodes", "Cold start", *parts),
        [
            (
                image["image"],
                str(image["attempts"]),
                str(image["nodes"]),
                printing.duration(image["cold"]),
                *_durations(image),
            )
            for image in document["images"]
        ],
    )
    for line in document["advice"]:
        click.echo(f"advice: {line}")


def _durations(entry: dict[str, Any]) -> list[str]:
    from orquestra.cli.printing import duration

    return [duration(entry["durations"][part]) for part in _PARTS]
