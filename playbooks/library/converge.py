#!/usr/bin/python
"""Makes what belongs to one role on a host as it should be, in one call. See playbooks/README.md."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.ace_converge import record
from ansible.module_utils.ace_converge.host import what_it_is
from ansible.module_utils.ace_converge.values import Change, ConvergeError, Machine
from ansible.module_utils.ace_converge.whole import converge, public_facts_of
from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: converge
short_description: Configure files, keys, kernel settings, firewall and units of a role
description:
  - Compares what runs (loaded configuration, kernel, ruleset) and not only files, so that no restart is ever lost.
  - Everything is done in the order of the options below. The first failure stops it; the next run continues from there.
options:
  minimum:
    description: Package to the oldest version that understands what the role configures; an older one is an error.
    type: dict
    default: {}
  folders:
    description: Folders, with owner, group and mode.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Where., type: path, required: true}
      owner: {description: User., type: str, default: root}
      group: {description: Group., type: str, default: root}
      mode: {description: Octal., type: str, default: "0755"}
  files:
    description: Files, written atomically and only if O(files[].check) accepts them.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Where., type: path, required: true}
      content: {description: The whole text; left out means that the file is not there., type: str}
      owner: {description: User., type: str, default: root}
      group: {description: Group., type: str, default: root}
      mode: {description: Octal., type: str, default: "0644"}
      check: {description: Command that accepts or refuses the file; V(%s) is the file., type: list, elements: str, default: []}
      once: {description: Only if the file is missing., type: bool, default: false}
      within: {description: Only where this folder exists., type: path}
  keys:
    description: Private keys, generated on the host; never replaced, never read back.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: Where the private key is., type: path, required: true}
      generate: {description: Command that prints one., type: list, elements: str, required: true}
      public_path: {description: Where the public key is., type: path, required: true}
      derive: {description: Command that makes it from standard input., type: list, elements: str, required: true}
  steps:
    description: Commands that reach a state which another command can check.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: The state., type: str, required: true}
      unless: {description: Command that succeeds once the state is reached., type: list, elements: str, required: true}
      run: {description: Command that reaches it., type: list, elements: str, required: true}
  sysctl:
    description: Kernel settings, live. What cannot be set here (container) is left alone.
    type: dict
    default: {}
  network:
    description: Addresses on lo, and routes by destination; other addresses and routes of ACE's are removed.
    type: dict
    suboptions:
      addresses: {description: With length., type: list, elements: str, default: []}
      routes: {description: Destination to next hop., type: dict, default: {}}
  firewall:
    description: Rule files of /etc/nftables.d; together they are the table C(inet ace).
    type: list
    elements: dict
    suboptions:
      name: {description: File name., type: str, required: true}
      content: {description: Rules; left out means that the file is not there., type: str}
  units:
    description: systemd units.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: With suffix., type: str, required: true}
      reads: {description: Files and folders that it reads when it starts., type: list, elements: path, default: []}
      reloads: {description: Those that it reads when it reloads as well., type: list, elements: path, default: []}
      running: {description: Whether it runs., type: bool, default: true}
      enabled: {description: Whether it starts at boot., type: bool, default: true}
      drop_in: {description: What differs from the package's unit., type: str}
      ready: {description: Command that succeeds once it works., type: list, elements: str, default: []}
  public_facts:
    description: Public facts of this host.
    type: list
    elements: dict
    default: []
    suboptions:
      key: {description: Its name., type: str, required: true}
      file: {description: File that holds it., type: path}
      command: {description: Command that prints it., type: list, elements: str, default: []}
      lines: {description: A list of lines., type: bool, default: false}
  part:
    description: The role that makes the call, for the record.
    type: str
    default: ""
  inputs:
    description: A digest of all inputs of the run; if given, the call is recorded for M(host_facts).
    type: str
    default: ""
  run_facts:
    description: Public facts of all hosts of the run; given with the last call, the host records that the run has finished.
    type: dict
author: [ACE]
"""
EXAMPLES = r"""
- name: Configure the time server
  converge:
    files: [{path: /etc/chrony/chrony.conf, content: "{{ lookup('ansible.builtin.template', 'chrony.conf.j2') }}"}]
    units: [{name: chrony.service, reads: [/etc/chrony/chrony.conf]}]
"""
RETURN = r"""
changes:
  description: What was, or in check mode would be, made so.
  type: list
  elements: str
  returned: always
ansible_facts:
  description: C(ace_public_facts).
  type: dict
  returned: always
"""


def _list(options: dict[str, Any]) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "default": [], "options": options}


_WORDS = {"type": "list", "elements": "str", "default": []}
_COMMAND = {"type": "list", "elements": "str", "required": True}
_PATH = {"type": "path", "required": True}
_NAME = {"type": "str", "required": True}
_RIGHTS = {"owner": {"type": "str", "default": "root"}, "group": {"type": "str", "default": "root"}}
ARGUMENTS: dict[str, Any] = {
    "minimum": {"type": "dict", "default": {}},
    "folders": _list({"path": _PATH, **_RIGHTS, "mode": {"type": "str", "default": "0755"}}),
    "files": _list(
        {
            "path": _PATH,
            "content": {"type": "str"},
            **_RIGHTS,
            "mode": {"type": "str", "default": "0644"},
            "check": _WORDS,
            "once": {"type": "bool", "default": False},
            "within": {"type": "path"},
        }
    ),
    "keys": {
        **_list({"path": _PATH, "generate": _COMMAND, "public_path": _PATH, "derive": _COMMAND}),
        "no_log": False,  # paths and commands; the keys themselves never come near Ansible
    },
    "steps": _list({"name": _NAME, "unless": _COMMAND, "run": _COMMAND}),
    "sysctl": {"type": "dict", "default": {}},
    "network": {
        "type": "dict",
        "options": {"addresses": _WORDS, "routes": {"type": "dict", "default": {}}},
    },
    "firewall": {"type": "list", "elements": "dict", "options": {"name": _NAME, "content": {"type": "str"}}},
    "units": _list(
        {
            "name": _NAME,
            "reads": {"type": "list", "elements": "path", "default": []},
            "reloads": {"type": "list", "elements": "path", "default": []},
            "running": {"type": "bool", "default": True},
            "enabled": {"type": "bool", "default": True},
            "drop_in": {"type": "str"},
            "ready": _WORDS,
        }
    ),
    "public_facts": _list(
        {
            "key": {"type": "str", "required": True, "no_log": False},
            "file": {"type": "path"},
            "command": _WORDS,
            "lines": {"type": "bool", "default": False},
        }
    ),
    "part": {"type": "str", "default": ""},
    "inputs": {"type": "str", "default": ""},
    "run_facts": {"type": "dict"},
}


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    os.umask(0o022)
    machine = Machine(check=module.check_mode)
    changes: list[Change] = []
    result: dict[str, Any] = {}
    failure = None
    try:
        converge(module.params, machine, changes)
        result["ansible_facts"] = {"ace_public_facts": public_facts_of(module.params, machine)}
        if module.params["inputs"] and not module.check_mode:
            record.add(module.params["part"], module.params, machine)
            if module.params["run_facts"] is not None:
                record.end(module.params["inputs"], what_it_is(machine), module.params["run_facts"], machine)
    except (ConvergeError, OSError) as error:
        failure = str(error)
    result |= {"changed": bool(changes), "changes": [change.what for change in changes]}
    if module._diff:
        result["diff"] = [change.diff() for change in changes]
    if failure is not None:
        module.fail_json(msg=failure.strip(), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
