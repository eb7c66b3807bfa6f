"""What Neutron holds, as the data plane's plain values: read from its database, in a few milliseconds.

Its plugins would state the same with thirty times the work, and this is asked after every change. The tables are those of the
release that `requirements/lab.lock` pins.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network
from pathlib import Path
from typing import Any

from drivers.dataplane.values import (
    DesiredNetworks,
    Interface,
    Network,
    Port,
    Prefix,
    Router,
    RouterInterface,
    Rule,
    Uplink,
)

INTERFACE, GATEWAY = "network:router_interface", "network:router_gateway"
SERVERS = "compute:"
WAIT_S = 30

NETWORKS = """select n.id, n.mtu, e.network_id is not null from networks n
    left join externalnetworks e on e.network_id = n.id"""
SUBNETS = "select id, network_id, cidr, gateway_ip from subnets"
PORTS = """select p.id, p.network_id, p.mac_address, p.device_owner, p.device_id, coalesce(s.port_security_enabled, 1)
    from ports p left join portsecuritybindings s on s.port_id = p.id"""
ADDRESSES = "select port_id, subnet_id, ip_address from ipallocations where port_id is not null"
PAIRS = "select port_id, mac_address, ip_address from allowedaddresspairs"
ROUTERS = "select id, admin_state_up, enable_snat from routers"
ROUTES = "select router_id, destination, nexthop from routerroutes"
FLOATING = """select router_id, floating_ip_address, fixed_ip_address from floatingips
    where router_id is not null and fixed_ip_address is not null"""
BINDINGS = "select port_id, security_group_id from securitygroupportbindings"
RULES = """select security_group_id, direction, ethertype, protocol, port_range_min, port_range_max,
    remote_ip_prefix, remote_group_id, remote_address_group_id from securitygrouprules"""
STATELESS = "select id from securitygroups where not stateful"
ADDRESS_GROUPS = "select address_group_id, address from address_associations"


def read(database: Path) -> DesiredNetworks:
    """All that the cloud wants of the data plane now."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=WAIT_S)) as connection:
        connection.execute("begin")  # one moment for all the questions
        found = _Found(*(connection.execute(query).fetchall() for query in QUERIES))
    return DesiredNetworks(networks=tuple(_networks(found)), routers=tuple(_routers(found)))


QUERIES = (
    NETWORKS,
    SUBNETS,
    PORTS,
    ADDRESSES,
    PAIRS,
    ROUTERS,
    ROUTES,
    FLOATING,
    BINDINGS,
    RULES,
    ADDRESS_GROUPS,
    STATELESS,
)
Rows = Sequence[Sequence[Any]]


@dataclass
class _Found:
    """The answers, in the order of `QUERIES`, and what is looked up in them again and again."""

    networks: Rows
    subnets: Rows
    ports: Rows
    addresses: Rows
    pairs: Rows
    routers: Rows
    routes: Rows
    floating: Rows
    bindings: Rows
    rules: Rows
    address_groups: Rows
    stateless: Rows
    subnet: dict[str, Sequence[Any]] = field(init=False)
    mtu: dict[str, int] = field(init=False)
    addresses_of: dict[str, list[tuple[str, str]]] = field(init=False)
    """Port -> its subnets and addresses."""
    members: dict[str, list[Prefix]] = field(init=False)
    """Security group -> the addresses of its ports."""

    def __post_init__(self) -> None:
        self.subnet = {row[0]: row for row in self.subnets}
        self.mtu = {row[0]: row[1] for row in self.networks}
        self.addresses_of = _grouped(self.addresses)
        self.members = defaultdict(list)
        for port, group in self.bindings:
            self.members[group] += [ip_network(address) for _, address in self.addresses_of[port]]


def _networks(found: _Found) -> Iterable[Network]:
    groups, pairs, rules = _grouped(found.bindings), _grouped(found.pairs), _rules(found)
    stateless = {group for (group,) in found.stateless}
    ports: defaultdict[str, list[Port]] = defaultdict(list)
    for port_id, network, mac, owner, _, secured in sorted(found.ports):
        if owner.startswith(SERVERS):
            of_port = [group for (group,) in groups[port_id]]
            own = {rule for group in of_port for rule in rules[group]} if secured else set()
            ports[network].append(
                Port(
                    id=port_id,
                    mac=mac,
                    addresses=tuple(sorted((ip_address(one) for _, one in found.addresses_of[port_id]), key=repr)),
                    secured=bool(secured),
                    pairs=tuple(sorted(((m, ip_network(a, strict=False)) for m, a in pairs[port_id]), key=repr)),
                    rules=tuple(sorted(own, key=repr)),
                    tracked=not of_port or not stateless.issuperset(of_port),
                )
            )
    for network_id, mtu, external in sorted(found.networks):
        gateways = [
            ip_interface(f"{gateway}/{ip_network(cidr).prefixlen}")
            for _, of, cidr, gateway in sorted(found.subnets)
            if external and of == network_id and gateway
        ]
        yield Network(network_id, mtu, bool(external), tuple(gateways), tuple(ports[network_id]))


def _rules(found: _Found) -> dict[str, list[Rule]]:
    """Security group -> its rules, with those whom they speak of looked up."""
    listed: defaultdict[str, list[Prefix]] = defaultdict(list)
    for group, address in found.address_groups:
        listed[group].append(ip_network(address, strict=False))
    rules: defaultdict[str, list[Rule]] = defaultdict(list)
    for group, direction, ethertype, protocol, first, last, prefix, remote_group, address_group in found.rules:
        remotes: list[Prefix] | None = None
        if prefix:
            remotes = [ip_network(prefix, strict=False)]
        elif remote_group:
            remotes = found.members[remote_group]
        elif address_group:
            remotes = listed[address_group]
        rules[group].append(
            Rule(
                ingress=direction == "ingress",
                version=6 if ethertype == "IPv6" else 4,
                protocol=protocol,
                first=first,
                last=last,
                remotes=None if remotes is None else tuple(sorted(remotes, key=repr)),
            )
        )
    return rules


def _routers(found: _Found) -> Iterable[Router]:
    routes, floating = _grouped(found.routes), _grouped(found.floating)
    inner: defaultdict[str, list[RouterInterface]] = defaultdict(list)
    outer: dict[str, tuple[RouterInterface, list[str]]] = {}
    for port_id, network, mac, owner, device, _ in sorted(found.ports):
        if owner not in (INTERFACE, GATEWAY):
            continue
        addresses: list[Interface] = [
            ip_interface(f"{address}/{ip_network(found.subnet[subnet][2]).prefixlen}")
            for subnet, address in found.addresses_of[port_id]
        ]
        interface = RouterInterface(port_id, network, mac, found.mtu[network], tuple(sorted(addresses, key=repr)))
        if owner == INTERFACE:
            inner[device].append(interface)
        else:
            gateways = [found.subnet[subnet][3] for subnet, _ in found.addresses_of[port_id]]
            outer[device] = interface, [gateway for gateway in gateways if gateway]
    for router_id, up, snat in sorted(found.routers):
        interface, gateways = outer.get(router_id, (None, []))
        yield Router(
            id=router_id,
            up=bool(up),
            interfaces=tuple(inner[router_id]),
            uplink=Uplink(interface, tuple(sorted(map(ip_address, gateways), key=repr)), bool(snat))
            if interface
            else None,
            floating=tuple(sorted((IPv4Address(out), IPv4Address(fixed)) for out, fixed in floating[router_id])),
            routes=tuple(sorted(((ip_network(to), ip_address(via)) for to, via in routes[router_id]), key=repr)),
        )


def _grouped(rows: Rows) -> dict[str, list[Any]]:
    """First column -> the others of its rows."""
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for first, *others in rows:
        found[first].append(tuple(others))
    return found
