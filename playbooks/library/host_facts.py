#!/usr/bin/python
"""The few facts of a host that roles need: a fraction of a second instead of Ansible's full gathering."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.ace_converge import record
from ansible.module_utils.ace_converge.host import what_it_is
from ansible.module_utils.ace_converge.values import Machine
from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: host_facts
short_description: What a host is, as far as ACE's roles need it
description:
  - Sets C(ace_host) with C(container) (whether the kernel is somebody else's, so that the clock cannot be set),
    C(interfaces) (address to name of the interface that has it) and C(packages) (names of those installed).
  - With O(inputs) also C(ace_as_wanted), whether the host still is, in running state, what a run with the same inputs made
    it; then C(ace_told), what the hosts of that run told, and C(ace_public_facts). If it is not, the record of that run is
    taken away: what follows makes a new one. See C(module_utils/ace_converge/record.py).
options:
  inputs:
    description: A digest of all that the run's words follow from; empty when it is not known.
    type: str
    default: ""
  part:
    description: The part of the run that is said alone; empty when all is.
    type: str
    default: ""
  before:
    description: The digest of the whole run that a part comes after; where the host's record is of that run, the part joins it.
    type: str
    default: ""
  told:
    description: What the hosts of the run told; given at its end, has the host remember that it came to its end.
    type: dict
author: [ACE]
"""
EXAMPLES = r"""
- name: Ask the host what it is
  host_facts:
"""
RETURN = r"""
ansible_facts:
  description: C(ace_host), C(ace_as_wanted), C(ace_told), C(ace_public_facts).
  type: dict
  returned: always
"""


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(
        argument_spec={
            "inputs": {"type": "str", "default": ""},
            "before": {"type": "str", "default": ""},
            "part": {"type": "str", "default": ""},
            "told": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    inputs, part, others = module.params["inputs"], module.params["part"], module.params["told"]
    machine = Machine()
    host = what_it_is(machine)
    facts: dict[str, Any] = {"ace_host": host}
    if others is not None:
        if inputs and not module.check_mode:
            record.end(inputs, host, others, machine)
    elif inputs:
        found = record.look(inputs, host, machine)
        facts["ace_as_wanted"] = found is not None
        if found is None and not module.check_mode:
            if part:
                found = record.reopen(module.params["before"], part, inputs, machine)
            else:
                record.begin(inputs, machine)
        if found is not None:
            facts |= {"ace_told": found["told"], "ace_public_facts": found["own"]}
    module.exit_json(changed=False, ansible_facts=facts)


if __name__ == "__main__":
    main()
