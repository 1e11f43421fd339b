"""The command line: `python -m benchmarks [NAMES…] [--quick] [--output DIR]`."""

import argparse
import signal
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.catalogue import BENCHMARKS, benchmark
from benchmarks.machine import machine, versions
from benchmarks.options import SYSTEMS, Options
from benchmarks.report import Report
from benchmarks.rows import Row
from benchmarks.table import print_table

OUTPUT = Path("bench-output")


def main() -> int:
    """Measure, write and draw; 1 if something could not be measured."""
    arguments = _arguments()
    # What ends this process from outside must not leave engines and containers behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    arguments.output.mkdir(parents=True, exist_ok=True)
    options = Options(
        output=arguments.output,
        quick=arguments.quick,
        rounds=arguments.rounds or (1 if arguments.quick else 5),
        systems=tuple(arguments.systems),
    )
    began, facts = datetime.now(UTC), machine()
    rows: dict[str, Sequence[Row]] = {}
    for name in arguments.names or BENCHMARKS:
        print(f"— {name}", flush=True)
        rows[name] = _measured(name, options)
        # Written after each, so that an interrupted run has told what it knew.
        report = Report(
            began=began, machine=facts, versions=versions(), quick=options.quick, rows=rows
        )
        report.write(options.output / "results.json")
    return _show([row for some in rows.values() for row in some], output=options.output)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="small works, one round: a trial")
    parser.add_argument("--rounds", type=int, help="how often each system has its turn (5)")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"folder ({OUTPUT})")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    return arguments


def _measured(name: str, options: Options) -> Sequence[Row]:
    rows: list[Row] = []
    try:
        rows.extend(benchmark(name)(options))
    except Exception as error:  # noqa: BLE001 - one must not cost what the others measure
        traceback.print_exc()
        rows.append(Row(work=name, problem=f"{name}: {type(error).__name__}: {error}"))
    return rows


def _show(rows: Sequence[Row], *, output: Path) -> int:
    from benchmarks.picture import draw

    draw(rows, output / "results.png")
    print()
    print_table(rows)
    print(f"\nEvery measurement: {output / 'results.json'}. Picture: {output / 'results.png'}.")
    return int(any(row.problem for row in rows))


if __name__ == "__main__":
    sys.exit(main())
