#!/usr/bin/python
"""Asks the running services of a role, and reports their answers. See playbooks/README.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.module_utils.ace_examine import base, dns, gateway, monitoring, time
from ansible.module_utils.ace_examine.values import Check
from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: examine
short_description: Ask what runs of a role whether it does its work
description:
  - Sets C(<role>_checks), a list of C({id, verdict, evidence}) with verdict V(PASS), V(FAIL) or V(SKIP).
  - For gateways also C(ace_holds_shared_address).
  - Never fails for what it finds.
options:
  role:
    description: Whose services.
    type: str
    required: true
    choices: [base, dns, gateway, monitoring, time]
  given:
    description: What the role's checks need to know; see C(module_utils/ace_examine).
    type: dict
    default: {}
author: [ACE]
"""
EXAMPLES = r"""
- name: Gateways are asked
  examine:
    role: gateway
    given: {vip4: 10.113.65.1, vip6: "fd00::1"}
"""
RETURN = r"""
ansible_facts:
  description: C(<role>_checks).
  type: dict
  returned: always
"""
ROLES: dict[str, Callable[[dict[str, Any]], list[Check]]] = {
    "base": base.checks,
    "dns": dns.checks,
    "gateway": gateway.checks,
    "monitoring": monitoring.checks,
    "time": time.checks,
}


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(
        argument_spec={
            "role": {"type": "str", "required": True, "choices": sorted(ROLES)},
            "given": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    role, given = module.params["role"], dict(module.params["given"])
    given["look_only"] = module.check_mode
    found = ROLES[role](given)
    facts: dict[str, Any] = {f"{role}_checks": [check.plain() for check in found]}
    if role == "gateway" and given.get("vip4"):
        facts["ace_holds_shared_address"] = gateway.settled(str(given["vip4"]))
    module.exit_json(changed=False, ansible_facts=facts)


if __name__ == "__main__":
    main()
