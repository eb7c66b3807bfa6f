"""A security group and its rules, few and wide (Neutron handles the rules of a group one by one)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network

import pulumi
import pulumi_openstack as openstack

from naming import logical


class Remote(Enum):
    """Whom a rule admits, where it has no prefix."""

    ANYWHERE = "anywhere"
    MEMBERS = "members"
    """The address group of both pools: every member, this one included."""
    SAME_GROUP = "same-group"


class Family(Enum):
    """Which addresses a rule is for, by Neutron's name."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"


@dataclass(frozen=True)
class Rule:
    """What a group admits. `key` is unique in its group; `ports` are first and last, None for all."""

    key: str
    family: Family
    remote: Remote | IPv4Network | IPv6Network
    protocol: str | None = None
    ports: tuple[int, int] | None = None


def dual(key: str, remote: Remote, protocol: str | None = None, ports: tuple[int, int] | None = None) -> list[Rule]:
    """The same for both families."""
    return [Rule(key, family, remote, protocol, ports) for family in Family]


def ping(remote: Remote) -> list[Rule]:
    """ICMP and ICMPv6: without them there is no path MTU discovery either."""
    return [Rule("icmp", Family.IPV4, remote, "icmp"), Rule("icmp", Family.IPV6, remote, "ipv6-icmp")]


def from_networks(key: str, ipv4: IPv4Network, ipv6: IPv6Network, protocol: str, ports: tuple[int, int]) -> list[Rule]:
    """From a network of both families."""
    return [Rule(key, Family.IPV4, ipv4, protocol, ports), Rule(key, Family.IPV6, ipv6, protocol, ports)]


@dataclass(frozen=True)
class SecurityGroupArgs:
    """What a group is made of. All its members may send anything; `rules` state what they may receive."""

    name: str
    description: str
    rules: tuple[Rule, ...]
    tags: tuple[str, ...]
    members_id: pulumi.Output[str] | None = None
    """The address group that `Remote.MEMBERS` stands for."""
    project_id: pulumi.Output[str] | None = None
    """None: the project of the credential."""
    depends_on: tuple[pulumi.Resource, ...] = ()
    stateful: bool = True
    """Whether what was asked for may be answered, whatever `rules` state; False also where the way back is another.
    Neutron lets nobody change it while a port has the group: give a group that is to differ another name."""


class SecurityGroup(pulumi.ComponentResource):
    """A group without the cloud's default rules, and its own."""

    def __init__(self, name: str, args: SecurityGroupArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:SecurityGroup", name, None, opts)
        group = openstack.networking.SecGroup(
            name,
            name=args.name,
            description=args.description,
            delete_default_rules=True,
            stateful=None if args.stateful else False,
            tenant_id=args.project_id,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.depends_on),
        )
        self.group_id: pulumi.Output[str] = group.id
        for rule in dual("all", Remote.ANYWHERE):
            self._rule(name, args, rule, "egress")
        for rule in args.rules:
            self._rule(name, args, rule, "ingress")
        self.register_outputs({"group_id": self.group_id})

    def _rule(self, name: str, args: SecurityGroupArgs, rule: Rule, direction: str) -> None:
        remote = rule.remote
        openstack.networking.SecGroupRule(
            logical(name, direction, rule.key, rule.family.value.lower()),
            security_group_id=self.group_id,
            description=f"{direction} {rule.key}",
            direction=direction,
            ethertype=rule.family.value,
            protocol=rule.protocol,
            port_range_min=rule.ports[0] if rule.ports else None,
            port_range_max=rule.ports[1] if rule.ports else None,
            remote_ip_prefix=None if isinstance(remote, Remote) else str(remote),
            remote_address_group_id=args.members_id if remote is Remote.MEMBERS else None,
            remote_group_id=self.group_id if remote is Remote.SAME_GROUP else None,
            tenant_id=args.project_id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.depends_on, delete_before_replace=True),
        )


def rules(*parts: Iterable[Rule]) -> tuple[Rule, ...]:
    """All the rules of those parts."""
    return tuple(rule for part in parts for rule in part)
