"""extensions: whether Neutron can do what the stacks ask of it."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed

NEEDED: Final = {
    "router": "routers",
    "external-net": "the way to the Internet",
    "extraroute": "routes to other members",
    "security-group": "security groups",
    "stateful-security-group": "a group on transit that tracks no connections: the way back may be another",
    "address-group": "address groups, which hold all members' prefixes",
    "security-groups-remote-address-group": "rules that name address groups",
    "allowed-address-pairs": "gateways that forward others' packets and share an address",
    "rbac-policies": "sharing transit with tenants",
    "rbac-address-group": "sharing address groups with tenants",
    "quotas": "quotas of tenants",
    "standard-attr-tag": "tags, by which ACE knows its own",
    "port-security": "ports without security groups on transit",
}
"""Neutron's alias -> what the stacks use it for."""


def judge(extensions: frozenset[str], asked: Asked) -> Judged:
    """PASS: all are loaded."""
    if missing := sorted(NEEDED.keys() - extensions):
        return failed(
            "missing: " + "; ".join(f"{alias} ({NEEDED[alias]})" for alias in missing),
            "load them in neutron-server (service_plugins, extension_drivers of ML2), or upgrade Neutron: 2021.2 has all",
        )
    return passed(f"all {len(NEEDED)} of {len(extensions)}")


TEST = FitnessTest("extensions", "Neutron has the extensions that the stacks use", lambda c: c.extensions, judge)
