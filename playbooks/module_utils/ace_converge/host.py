"""What a host is, as far as roles need it."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.ace_converge.values import Machine


def what_it_is(machine: Machine) -> dict[str, Any]:
    """`container`: whether the kernel is somebody else's; `interfaces`: name by address; `packages`: those installed."""
    return {
        "container": bool(_said(machine, "systemd-detect-virt", "--container").strip()),
        "interfaces": interfaces(_said(machine, "ip", "-json", "address", "show")),
        "packages": installed(
            _said(machine, "dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}${Package}\n")
        ),
    }


def interfaces(listing: str) -> dict[str, str]:
    """Address -> interface, out of `ip -json address show`."""
    links: list[dict[str, Any]] = json.loads(listing or "[]")
    return {entry["local"]: link["ifname"] for link in links for entry in link.get("addr_info", ()) if "local" in entry}


def installed(listing: str) -> list[str]:
    """Names of packages that are really installed, out of `dpkg-query`'s `${db:Status-Abbrev}${Package}` lines."""
    return sorted(line[3:].strip() for line in listing.splitlines() if line.startswith("ii"))


def _said(machine: Machine, *command: str) -> str:
    """What it printed; nothing if it failed or is not there."""
    done = machine.run(command)
    return done.out if done.status == 0 else ""
