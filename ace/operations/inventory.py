"""A country's hosts as Ansible reads them, and the ssh_config that they are reached by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ace.services import ansible
from ace.workspace.engines import EngineName
from ace.workspace.hosts import around, hosts_of, write_ssh_config
from ace.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class AnsibleInventory:
    """In the format of Ansible's inventory scripts: a whole inventory, or one host's variables."""

    content: Mapping[str, Any]


def inventory(
    workspace: Workspace, country: str, *, host: str | None = None, engine: EngineName = EngineName.AUTO
) -> AnsibleInventory:
    """The inventory of a country's hosts, from the outputs of its stack; writes ROOT/.ace/ssh/<cc>.conf too.

    Args:
        workspace: The ROOT.
        country: The member's code, in any case.
        host: Only this host's variables.
        engine: The engine that holds the country's state.

    Raises:
        UserError: It is no member, its stack is incomplete, or it has no such host.
    """
    known = hosts_of(workspace, country, engine)
    write_ssh_config(workspace, known)
    region, config = around(workspace, known.member), known.ssh.config
    if host is None:
        return AnsibleInventory(ansible.script(known.inventory, known.member, region, config))
    one = known.inventory.host(host)
    return AnsibleInventory(ansible.host_variables(known.inventory, one, known.member, region, config))
