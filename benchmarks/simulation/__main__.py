"""`python -m benchmarks.simulation --tasks N --nodes N …`: one simulation of any size."""

import argparse
from dataclasses import fields

from benchmarks.simulation.benchmark import simulate
from benchmarks.simulation.sizes import Sizes
from benchmarks.table import print_table


def main() -> None:
    """Simulate, and print a table."""
    parser = argparse.ArgumentParser(prog="benchmarks.simulation", description=__doc__)
    for field in fields(Sizes):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=type(field.default), default=field.default)
    print_table(simulate(Sizes(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
