"""The kernel's settings, and a host's own addresses and routes: the kernel's state is compared, not files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_interface, ip_network
from typing import Any

from ansible.module_utils.ace_converge.files import File, converge_files
from ansible.module_utils.ace_converge.values import Change, Machine, read

ROUTE_PROTOCOL = "84"
"""Marks routes as ours in the kernel's table (values from 5 on are nobody's in iproute2's rt_protos but routing daemons')."""
NETWORK_BATCH = "/etc/ace/network.batch"
"""What `ace-network.service` does at boot."""


def converge_sysctls(values: Mapping[str, str], machine: Machine) -> list[Change]:
    """Set what differs. Settings that are not there or cannot be written here (in a container) are left alone."""
    changes: list[Change] = []
    for name, desired in values.items():
        path = machine.path("/proc/sys/" + name.replace(".", "/"))
        now = read(path)
        if now is None or not os.access(path, os.W_OK) or now.split() == desired.split():
            continue
        changes.append(Change(f"sysctl {name}", now, desired))
        if not machine.check:
            with open(path, "w", encoding="ascii") as file:
                file.write(desired)
    return changes


@dataclass(frozen=True)
class Network:
    """Addresses on the loopback interface, and routes: destination -> next hop."""

    addresses: tuple[str, ...]
    routes: Mapping[str, str]


def converge_network(desired: Network, machine: Machine) -> list[Change]:
    """Make addresses and routes as desired, now and at boot; routes of ours that are not desired go.

    A route to a network that an interface is in is left to the kernel: ours would take its place.
    """
    there = _addresses(machine)
    local = {entry["local"] for entry in there}
    connected = {str(ip_interface(f"{entry['local']}/{entry['prefixlen']}").network) for entry in there}
    routes = {str(ip_network(to)): via for to, via in desired.routes.items() if str(ip_network(to)) not in connected}
    batch = File(NETWORK_BATCH, network_batch(Network(desired.addresses, routes)))
    changes = converge_files([batch], machine)
    for address in desired.addresses:
        if address.split("/", 1)[0] in local:
            continue
        changes.append(Change(f"address {address} on lo", "", address))
        if not machine.check:
            machine.must(["ip", "address", "replace", address, "dev", "lo"])
    now = _routes(machine)
    for to in sorted(now.keys() | routes.keys()):
        before, after = now.get(to), routes.get(to)
        if before == after:
            continue
        changes.append(Change(f"route {to}", f"via {before}" if before else "", f"via {after}" if after else ""))
        if machine.check:
            continue
        if after is not None:
            machine.must(["ip", "route", "replace", to, "via", after, "proto", ROUTE_PROTOCOL])
        else:
            machine.must(["ip", "route", "del", to, "proto", ROUTE_PROTOCOL])
    return changes


def _addresses(machine: Machine) -> list[dict[str, Any]]:
    done = machine.run(["ip", "-json", "address", "show"])
    listed: list[dict[str, Any]] = json.loads(done.out or "[]")
    return [entry for link in listed for entry in link.get("addr_info", ()) if "local" in entry]


def _routes(machine: Machine) -> dict[str, str]:
    found: dict[str, str] = {}
    for family in ("-4", "-6"):
        done = machine.run(["ip", family, "-json", "route", "show", "proto", ROUTE_PROTOCOL])
        for route in json.loads(done.out or "[]") if done.status == 0 else ():
            found[str(ip_network(route["dst"]))] = route.get("gateway", "")
    return found


def network_batch(desired: Network) -> str:
    """The same for `ip -force -batch` at boot."""
    lines = [f"address replace {address} dev lo" for address in desired.addresses]
    lines += [f"route replace {to} via {via} proto {ROUTE_PROTOCOL}" for to, via in desired.routes.items()]
    return "".join(f"{line}\n" for line in lines)
