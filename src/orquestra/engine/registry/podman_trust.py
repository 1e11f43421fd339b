"""Telling podman that one registry on this machine speaks plain HTTP.

A file of our own in podman's `registries.conf.d` says so for one loopback address. A podman
command reads it each time; a podman service that runs already reads it at its next start, or
when it gets SIGHUP. (The engine's own pulls do not depend on it.)
"""

import ipaddress
import logging
import os
import shutil
from pathlib import Path

_log = logging.getLogger(__name__)


def grant(address: str) -> None:
    """Write the entry. Does nothing without podman, or for what is no loopback address.

    A folder that may not be written is no reason not to start: podman users then add
    `--tls-verify=false` to their pushes.
    """
    if shutil.which("podman") is None or not _is_loopback(address):
        return
    entry = entry_path(address)
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        entry.write_text(render_entry(address))
    except OSError as error:
        _log.warning(
            "%s cannot be written (%s); podman push to %s needs --tls-verify=false",
            entry,
            error.strerror,
            address,
            extra={"event": "podman_trust_failed"},
        )


def withdraw(address: str) -> None:
    """Remove the entry, if it is there."""
    try:
        entry_path(address).unlink(missing_ok=True)
    except OSError as error:
        _log.warning(
            "%s is still there (%s)",
            entry_path(address),
            error.strerror,
            extra={"event": "podman_trust_left"},
        )


def entry_path(address: str) -> Path:
    """Where podman looks: the machine's folder for root, the user's own otherwise."""
    root = Path("/etc") if os.geteuid() == 0 else Path.home() / ".config"
    return root / "containers/registries.conf.d" / f"orquestra-{address.replace(':', '-')}.conf"


def render_entry(address: str) -> str:
    """The entry's text."""
    return (
        "# Written by the Orquestra Compute Engine for its image registry, removed when it stops.\n"
        "[[registry]]\n"
        f'location = "{address}"\n'
        "insecure = true\n"
    )


def _is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
