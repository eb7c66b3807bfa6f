#!/usr/bin/python
"""The few facts of a host that roles need: a fraction of a second instead of Ansible's full gathering."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: host_facts
short_description: What a host is, as far as ACE's roles need it
description:
  - Sets C(ace_host) with C(container) (whether the kernel is somebody else's, so that the clock cannot be set),
    C(interfaces) (address to name of the interface that has it), C(packages) (names of those installed),
    C(memory_mib) and C(reachable) (of the addresses asked for, those that there is a route to).
options:
  routes_to:
    description: Addresses to look for a route to.
    type: list
    elements: str
    default: []
author: [ACE]
"""
EXAMPLES = r"""
- name: Ask the host what it is
  host_facts:
"""
RETURN = r"""
ansible_facts:
  description: C(ace_host).
  type: dict
  returned: always
"""
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=ENVIRONMENT, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def interfaces(listing: str) -> dict[str, str]:
    """Address -> interface, out of `ip -json address show`."""
    links: list[dict[str, Any]] = json.loads(listing or "[]")
    return {entry["local"]: link["ifname"] for link in links for entry in link.get("addr_info", ()) if "local" in entry}


def installed(listing: str) -> list[str]:
    """Names of packages that are really installed, out of `dpkg-query`'s `${db:Status-Abbrev}${Package}` lines."""
    return sorted(line[3:].strip() for line in listing.splitlines() if line.startswith("ii"))


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(
        argument_spec={"routes_to": {"type": "list", "elements": "str", "default": []}}, supports_check_mode=True
    )
    facts = {
        "container": bool(_said("systemd-detect-virt", "--container").strip()),
        "interfaces": interfaces(_said("ip", "-json", "address", "show")),
        "packages": installed(_said("dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}${Package}\n")),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "reachable": [address for address in module.params["routes_to"] if _said("ip", "route", "get", address)],
    }
    module.exit_json(changed=False, ansible_facts={"ace_host": facts})


if __name__ == "__main__":
    main()
