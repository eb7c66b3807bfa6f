"""The interconnect's plan as frozen values: nodes, the links between them, and one session for each end of a link."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from ace.addressing import Endpoint
from ace.spec.values import ResidencyMode

Prefix = IPv4Network | IPv6Network


class NodeKind(StrEnum):
    """What a node of the interconnect is."""

    GATEWAY = "gateway"
    HUB = "hub"


class LinkKind(StrEnum):
    """Why a link is there."""

    HOME = "home"
    """A gateway to one of its hubs."""
    BACKBONE = "backbone"
    """Hub to hub."""
    DIRECT = "direct"
    """Two countries, by a mesh or by `interconnect.direct`."""
    INTERNAL = "internal"
    """Two data centres of one country: what stays in the country may pass."""


class Role(StrEnum):
    """A BGP role (RFC 9234): what the local end is to the remote one."""

    PROVIDER = "provider"
    CUSTOMER = "customer"
    PEER = "peer"


OPPOSITE = {Role.PROVIDER: Role.CUSTOMER, Role.CUSTOMER: Role.PROVIDER, Role.PEER: Role.PEER}
"""The role that the far end must have; strict mode refuses the session otherwise."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A prefix that a site announces, and to whom.

    `group` is what it belongs to: `infrastructure` or `tenant-<slot>`; `allowed` the slots of the only members that may
    have it, None: all.
    """

    prefix: Prefix
    group: str
    residency: ResidencyMode | None
    """The strictest mode of the tenant's classes of data; None: infrastructure, no data."""
    allowed: tuple[int, ...] | None

    def may_reach(self, slot: int) -> bool:
        """Whether the member of that slot may have it."""
        return self.allowed is None or slot in self.allowed


@dataclass(frozen=True, slots=True)
class Node:
    """A gateway or a hub. `host` is as in the inventory (`gw1.tunis-1.tn`), `country` (lower case) who configures it."""

    host: str
    kind: NodeKind
    country: str
    name: str
    """A short name for people: `gw1`, or the hub's id."""
    tag: str
    """What stands for it in interface names: the country's code, or `h901`."""
    end: Endpoint
    asn: int
    loopback4: IPv4Address
    loopback6: IPv6Address
    block4: IPv4Network
    """The whole allocation of its member or hub."""
    block6: IPv6Network
    transit4: IPv4Address | None
    """Its address in its site's transit network; None: a hub."""
    transit6: IPv6Address | None
    public_address: IPv4Address | None
    """From the publication; None: not published yet."""
    wireguard_key: str | None
    verified: bool
    """Its publication is signed, fresh and has both."""
    announces: tuple[Announcement, ...]
    keeps: tuple[Prefix, ...]
    """Prefixes of its site that never leave the country."""

    @property
    def site(self) -> tuple[int, int]:
        """Slot and site: gateways that share them are one AS."""
        return self.end.slot, self.end.site


@dataclass(frozen=True, slots=True)
class Link:
    """A tunnel. `a` is the lower end (by slot, site, number); what `a` is to `b` is `role`."""

    a: Node
    b: Node
    kind: LinkKind
    role: Role
    net6: IPv6Network
    address_a: IPv6Address
    address_b: IPv6Address

    @property
    def verified(self) -> bool:
        """Whether both ends are known well enough to be configured."""
        return self.a.verified and self.b.verified


@dataclass(frozen=True, slots=True)
class Session:
    """A link as one of its ends sees it: the tunnel's interface and the BGP session over it."""

    local: Node
    remote: Node
    kind: LinkKind
    role: Role
    """What the local end is."""
    local6: IPv6Address
    remote6: IPv6Address
    interface: str
    port: int
    """UDP port that the local end listens on."""
    remote_port: int
    mtu: int
    announces: tuple[Prefix, ...]
    """All that may be sent to the neighbour; for a hub towards its customers and peers: see `render`."""
    accepts: tuple[Prefix, ...]
    """Exactly what may be accepted; empty: anything of the pools but the own block (a customer from its hub)."""
    max_prefixes: int
    """Of each address family, those that the filter lets through: more, and the session is taken down."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What the plan does not have, and why."""

    subject: str
    """A country (`tn`), a hub (`hub-tunis`) or a gateway's host name."""
    reason: str
    code: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The region's interconnect. All tuples are sorted by what identifies their items."""

    pool4: IPv4Network
    pool6: IPv6Network
    bfd_interval_ms: int
    bfd_multiplier: int
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    sessions: dict[str, tuple[Session, ...]]
    """By host, sorted by the remote end."""
    siblings: dict[str, tuple[Node, ...]]
    """By host: the other gateways of its site, met by iBGP on transit."""
    blocks: dict[int, tuple[IPv4Network, IPv6Network]]
    """By slot: the allocation of each member that restricted announcements name, whether it has joined or not."""
    left_out: tuple[LeftOut, ...]

    def node(self, host: str) -> Node | None:
        """The node of that host name, if it is planned."""
        return next((node for node in self.nodes if node.host == host), None)
