"""The machine and the versions that measurements belong to."""

import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

PACKAGES = ("orquestra-sdk", "ray", "dask", "distributed", "numpy")
GIBIBYTE = 2**30


def machine() -> Mapping[str, str | int | float]:
    """What can be known of this machine without asking anybody else."""
    return {
        "processor": _processor(),
        "cpus": os.cpu_count() or 0,
        "memory_gib": round(psutil.virtual_memory().total / GIBIBYTE, 1),
        "system": platform.platform(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def versions() -> Mapping[str, str]:
    """Python and the packages that are compared; those that are missing are left out."""
    found = {"python": sys.version.split()[0]}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
