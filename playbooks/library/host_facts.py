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
short_description: Gather the facts of a host that ACE's roles need
description:
  - Sets C(ace_host) with C(container) (whether the kernel is shared, so that the clock cannot be set),
    C(interfaces) (address to name of the interface that has it) and C(packages) (names of those installed).
  - With O(inputs) also C(ace_is_converged), whether the running state of the host is still the one that a run with the
    same inputs left; then C(ace_last_run_facts), the public facts of the hosts of that run, and C(ace_public_facts). If it
    is not, the record of that run is removed; what follows makes a new one. See C(module_utils/ace_converge/record.py).
options:
  inputs:
    description: A digest of all inputs of the run; empty when it is not known.
    type: str
    default: ""
  part:
    description: The part that the run is limited to; empty for a whole run.
    type: str
    default: ""
  before:
    description: The digest of the whole run that a part comes after; where the host's record is of that run, the part joins it.
    type: str
    default: ""
  run_facts:
    description: Public facts of all hosts of the run; given at its end, the host records that the run has finished.
    type: dict
author: [ACE]
"""
EXAMPLES = r"""
- name: Gather facts of the host
  host_facts:
"""
RETURN = r"""
ansible_facts:
  description: C(ace_host), C(ace_is_converged), C(ace_last_run_facts), C(ace_public_facts).
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
            "run_facts": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    inputs, part, others = module.params["inputs"], module.params["part"], module.params["run_facts"]
    machine = Machine()
    host = what_it_is(machine)
    facts: dict[str, Any] = {"ace_host": host}
    if others is not None:
        if inputs and not module.check_mode:
            record.end(inputs, host, others, machine)
    elif inputs:
        found = record.look(inputs, host, machine)
        facts["ace_is_converged"] = found is not None
        if found is None and not module.check_mode:
            if part:
                found = record.reopen(module.params["before"], part, inputs, machine)
            else:
                record.begin(inputs, machine)
        if found is not None:
            facts |= {"ace_last_run_facts": found["told"], "ace_public_facts": found["own"]}
    module.exit_json(changed=False, ansible_facts=facts)


if __name__ == "__main__":
    main()
