"""What Neutron holds, as the data plane's plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network
from typing import Any

from drivers.dataplane.values import (
    Address,
    Interface,
    Network,
    Port,
    Prefix,
    Router,
    RouterInterface,
    Rule,
    Uplink,
    Wanted,
)
from neutron_lib import constants
from neutron_lib.plugins import constants as plugins
from neutron_lib.plugins import directory

ROUTER_OWNERS = (constants.DEVICE_OWNER_ROUTER_INTF, constants.DEVICE_OWNER_ROUTER_GW)
SERVER_OWNERS = constants.DEVICE_OWNER_COMPUTE_PREFIX
PLAIN_MTU = 1500

Thing = dict[str, Any]


def read(context: Any) -> Wanted:
    """All that the cloud wants of the data plane now."""
    core, layer3 = directory.get_plugin(), directory.get_plugin(plugins.L3)
    networks = {network["id"]: network for network in core.get_networks(context)}
    subnets = {subnet["id"]: subnet for subnet in core.get_subnets(context)}
    ports: list[Thing] = core.get_ports(context)
    rules = _Rules(core, context, ports)
    servers: defaultdict[str, list[Port]] = defaultdict(list)
    routed: defaultdict[str, list[Thing]] = defaultdict(list)
    for port in ports:
        if port["device_owner"].startswith(SERVER_OWNERS):
            servers[port["network_id"]].append(_port(port, rules))
        elif port["device_owner"] in ROUTER_OWNERS:
            routed[port["device_id"]].append(port)
    floating: defaultdict[str, list[Thing]] = defaultdict(list)
    for one in layer3.get_floatingips(context):
        if one["router_id"] and one["fixed_ip_address"]:
            floating[one["router_id"]].append(one)
    return Wanted(
        networks=tuple(
            _network(network, subnets, servers[network_id]) for network_id, network in sorted(networks.items())
        ),
        routers=tuple(
            _router(router, routed[router["id"]], floating[router["id"]], networks, subnets)
            for router in sorted(layer3.get_routers(context), key=lambda router: str(router["id"]))
        ),
    )


class _Rules:
    """The rules of security groups, with those whom they speak of looked up."""

    def __init__(self, core: Any, context: Any, ports: Iterable[Thing]) -> None:
        self._groups = {group["id"]: group for group in core.get_security_groups(context)}
        self._address_groups = {
            group["id"]: tuple(map(ip_network, group["addresses"])) for group in core.get_address_groups(context)
        }
        self._members: defaultdict[str, list[Prefix]] = defaultdict(list)
        for port in ports:
            for group in port.get("security_groups") or ():
                self._members[group] += [ip_network(fixed["ip_address"]) for fixed in port["fixed_ips"]]

    def of(self, groups: Iterable[str]) -> tuple[Rule, ...]:
        """The rules of those groups, in an order that stays."""
        found = (self._rule(rule) for group in groups for rule in self._groups[group]["security_group_rules"])
        return tuple(sorted(set(found), key=repr))

    def _rule(self, rule: Thing) -> Rule:
        remotes: tuple[Prefix, ...] | None = None
        if rule.get("remote_ip_prefix"):
            remotes = (ip_network(str(rule["remote_ip_prefix"]), strict=False),)
        elif rule.get("remote_group_id"):
            remotes = tuple(sorted(self._members[rule["remote_group_id"]], key=repr))
        elif rule.get("remote_address_group_id"):
            remotes = self._address_groups.get(rule["remote_address_group_id"], ())
        return Rule(
            ingress=rule["direction"] == "ingress",
            version=6 if rule["ethertype"] == "IPv6" else 4,
            protocol=rule["protocol"],
            first=rule["port_range_min"],
            last=rule["port_range_max"],
            remotes=remotes,
        )


def _port(port: Thing, rules: _Rules) -> Port:
    secured = bool(port.get("port_security_enabled", True))
    pairs = port.get("allowed_address_pairs") or ()
    return Port(
        id=port["id"],
        mac=port["mac_address"],
        addresses=tuple(ip_address(fixed["ip_address"]) for fixed in port["fixed_ips"]),
        secured=secured,
        pairs=tuple((str(pair["mac_address"]), ip_network(str(pair["ip_address"]), strict=False)) for pair in pairs),
        rules=rules.of(port.get("security_groups") or ()) if secured else (),
    )


def _network(network: Thing, subnets: Mapping[str, Thing], ports: list[Port]) -> Network:
    external = bool(network.get("router:external"))
    gateways = [
        ip_interface(f"{subnet['gateway_ip']}/{ip_network(subnet['cidr']).prefixlen}")
        for subnet in subnets.values()
        if external and subnet["network_id"] == network["id"] and subnet["gateway_ip"]
    ]
    return Network(
        id=network["id"],
        mtu=network.get("mtu") or PLAIN_MTU,
        external=external,
        gateways=tuple(sorted(gateways, key=lambda gateway: gateway.version)),
        ports=tuple(sorted(ports, key=lambda port: port.id)),
    )


def _router(
    router: Thing,
    ports: list[Thing],
    floating: list[Thing],
    networks: Mapping[str, Thing],
    subnets: Mapping[str, Thing],
) -> Router:
    inner = [_interface(port, networks, subnets) for port in ports if port["device_owner"] == ROUTER_OWNERS[0]]
    outer = next((port for port in ports if port["device_owner"] == ROUTER_OWNERS[1]), None)
    return Router(
        id=router["id"],
        up=router["admin_state_up"],
        interfaces=tuple(sorted(inner, key=lambda interface: interface.port_id)),
        uplink=_uplink(router, outer, networks, subnets) if outer else None,
        floating=tuple(
            sorted((IPv4Address(one["floating_ip_address"]), IPv4Address(one["fixed_ip_address"])) for one in floating)
        ),
        routes=tuple(
            sorted(
                ((ip_network(r["destination"]), ip_address(r["nexthop"])) for r in router.get("routes") or ()), key=repr
            )
        ),
    )


def _uplink(router: Thing, port: Thing, networks: Mapping[str, Thing], subnets: Mapping[str, Thing]) -> Uplink:
    gateways: list[Address] = [
        ip_address(subnets[fixed["subnet_id"]]["gateway_ip"])
        for fixed in port["fixed_ips"]
        if subnets[fixed["subnet_id"]]["gateway_ip"]
    ]
    snat = (router.get("external_gateway_info") or {}).get("enable_snat", True)
    return Uplink(_interface(port, networks, subnets), tuple(gateways), bool(snat))


def _interface(port: Thing, networks: Mapping[str, Thing], subnets: Mapping[str, Thing]) -> RouterInterface:
    addresses: list[Interface] = [
        ip_interface(f"{fixed['ip_address']}/{ip_network(subnets[fixed['subnet_id']]['cidr']).prefixlen}")
        for fixed in port["fixed_ips"]
    ]
    return RouterInterface(
        port_id=port["id"],
        network_id=port["network_id"],
        mac=port["mac_address"],
        mtu=networks[port["network_id"]].get("mtu") or PLAIN_MTU,
        addresses=tuple(sorted(addresses, key=repr)),
    )
