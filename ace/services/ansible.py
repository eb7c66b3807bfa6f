"""An inventory as Ansible's own JSON: pure.

Two forms of the same: what an inventory script prints (`--list`, `--host`) and a static file. Groups: `country_tn`,
`dc_tunis_1`, `role_gateway`, `zone_az1`, `service_dns`. Variables: `playbooks/README.md` names them.

Text that members wrote reaches Ansible as unsafe text: a value in which a template could hide is wrapped as
`{"__ansible_unsafe": ...}`, so that Ansible never evaluates it.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any

from ace.addressing import SiteAllocation
from ace.services.inventory import DataCentre, Host, Inventory
from ace.services.region import Surroundings
from ace.spec.values import Member

Json = dict[str, Any]
DNS_DS = "ace_dns_ds"
"""DS records of the other countries' zones, which come to be known while countries are configured."""
OWN = frozenset({DNS_DS})
"""Variables of a host that no other host's inputs follow from."""
PYTHON = "/usr/bin/python3"
"""Debian's; named so that Ansible need not look for it."""


def script(inventory: Inventory, member: Member, around: Surroundings, ssh_config: Path) -> Json:
    """What `--list` prints: groups, and all host variables in `_meta`."""
    groups = {name: {"hosts": hosts} for name, hosts in sorted(groups_of(inventory).items())}
    return {
        **groups,
        "all": {"children": ["ungrouped", *groups], "vars": unsafe(_common(inventory, around, ssh_config))},
        "_meta": {"hostvars": {host.name: unsafe(_host(inventory, host, member, around)) for host in inventory.hosts}},
    }


def host_variables(inventory: Inventory, host: Host, member: Member, around: Surroundings, ssh_config: Path) -> Json:
    """What `--host H` prints: everything that holds for the host."""
    variables: Json = unsafe({**_common(inventory, around, ssh_config), **_host(inventory, host, member, around)})
    return variables


def static(inventory: Inventory, member: Member, around: Surroundings, ssh_config: Path) -> Json:
    """The same as an inventory file, which Ansible reads without starting a program."""
    return {
        "all": {
            "vars": unsafe(_common(inventory, around, ssh_config)),
            "hosts": {host.name: unsafe(_host(inventory, host, member, around)) for host in inventory.hosts},
            "children": {
                name: {"hosts": {host: {} for host in hosts}} for name, hosts in sorted(groups_of(inventory).items())
            },
        }
    }


def groups_of(inventory: Inventory) -> dict[str, list[str]]:
    """Which hosts are in which group; each list in the order of the inventory."""
    groups: dict[str, list[str]] = {}
    for host in inventory.hosts:
        names = [f"country_{inventory.country}", f"dc_{host.data_centre}", f"role_{host.role}"]
        names += [f"zone_{host.zone}"] if host.zone else []
        names += [f"service_{service}" for service in host.runs]
        for name in names:
            groups.setdefault(name.replace("-", "_"), []).append(host.name)
    return groups


def unsafe(value: Any) -> Any:
    """The value with every text in which a template could hide marked as such; Ansible's delimiters all begin with `{`."""
    if isinstance(value, str):
        return {"__ansible_unsafe": value} if "{" in value else value
    if isinstance(value, Mapping):
        return {key: unsafe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [unsafe(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """Dataclasses, tuples and addresses as JSON has them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, IPv4Address | IPv6Address | IPv4Network | IPv6Network):
        return str(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _common(inventory: Inventory, around: Surroundings, ssh_config: Path) -> Json:
    """What holds for every host of the country."""
    return {
        "ansible_python_interpreter": PYTHON,
        "ansible_ssh_common_args": f"-F {shlex.quote(str(ssh_config))}",
        "ace_country": inventory.country,
        "ace_domain": around.domain,
        "ace_country_prefixes": plain(around.country_prefixes),
        "ace_tenants": plain(inventory.tenants),
        "ace_region": {
            "prefixes": plain(around.prefixes),
            "peers": [{"country": peer.country, "dns": plain(peer.dns)} for peer in around.peers],
            "dns_secondaries": plain(around.dns_secondaries),
            "dns_secondary_for": plain(around.dns_secondary_for),
        },
    }


def _host(inventory: Inventory, host: Host, member: Member, around: Surroundings) -> Json:
    """What holds for one host. What only hosts of one service follow from is theirs alone (`OWN`)."""
    own = plain(host)
    reach = own.pop("reach")
    centre = next(centre for centre in inventory.data_centres if centre.id == host.data_centre)
    return {
        **{f"ace_{name}": value for name, value in own.items() if name != "data_centre"},
        "ace_reach": reach,
        "ace_dc": _data_centre(inventory, centre, member.data_centre(centre.id).allocation),
        **({DNS_DS: {peer.country: plain(peer.dns_ds) for peer in around.peers}} if "dns" in host.runs else {}),
    }


def _data_centre(inventory: Inventory, centre: DataCentre, site: SiteAllocation) -> Json:
    networks = {field.name: plain(getattr(site, field.name)) for field in fields(site)}
    return {
        **networks,
        **plain(centre),
        "gateways": [
            {
                "name": host.name,
                "number": host.number,
                "transit": plain(host.transit),
                "loopbacks": plain(host.loopbacks),
            }
            for host in inventory.hosts
            if host.role == "gateway" and host.data_centre == centre.id
        ],
    }
