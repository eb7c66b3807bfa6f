"""nftables rule sets, computed: what ports may send and receive, what routers translate.

A network's bridge is alone in its namespace. Frames are assessed where the bridge takes them in (by which cable they
came: sender's addresses, then the groups' egress rules) and where it hands them on (by which cable they leave: the
groups' ingress rules). Stateful rules need connection tracking, which kernels may lack for bridges; all have it for IP, which
br_netfilter calls on the bridge's behalf, but IP's hooks do not see the cables. So the bridge's hooks, which run first
(priorities -300 and -200, br_netfilter at 0), leave the port's number in the packet's mark for IP's hooks to read.

Every rule set replaces the one before at once: `table`, `delete table`, `table {…}` in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, collapse_addresses

from drivers.dataplane.names import router_interface, tap
from drivers.dataplane.values import Network, Port, Prefix, Router, Rule

CLOSED = (
    "table bridge ace\ndelete table bridge ace\ntable bridge ace {\n"
    " chain sent { type filter hook prerouting priority -300; policy drop; }\n}\n"
)
"""A new network before its rules are known: nothing passes."""

NEIGHBOURS = "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }"
LISTENERS = "icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report }"
NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "33": "dccp", "58": "ipv6-icmp", "112": "vrrp", "132": "sctp"}
WITH_PORTS = ("tcp", "udp", "dccp", "sctp", "udplite")


def of_network(network: Network, router_ports: Iterable[str]) -> str:
    """What passes in the network; `router_ports` are the ids of its routers' ports, which are trusted.

    Args:
        network: One that is not external.
        router_ports: Ids.
    """
    trusted = sorted({*router_ports, *(port.id for port in network.ports if not port.secured)})
    secured = sorted((port for port in network.ports if port.secured), key=lambda port: port.id)
    numbered = list(enumerate(secured, 1))
    known = sorted([*trusted, *(port.id for port in secured)])
    lines = ["table bridge ace", "delete table bridge ace", "table inet ace", "delete table inet ace"]
    lines.append("table bridge ace {")
    for number, port in numbered:
        lines += _sender(number, port)
    lines.append(" chain sent { type filter hook prerouting priority -300; policy drop;")
    lines.append("  meta mark set 0")
    targets = [f'"{tap(port)}" : accept' for port in trusted]
    targets += [f'"{tap(port.id)}" : goto from_{number}' for number, port in numbered]
    if targets:
        lines.append(f"  iifname vmap {{ {', '.join(targets)} }}")
    lines += [" }", " chain handed_on { type filter hook forward priority -200; policy drop;", "  meta mark set 0"]
    if numbered:
        marks = ", ".join(f'"{tap(port.id)}" : {number}' for number, port in numbered)
        lines.append(f"  meta mark set oifname map {{ {marks} }}")
    if known:
        lines.append(f"  oifname {{ {', '.join(quoted(map(tap, known)))} }} accept")
    lines += [" }", "}"]
    if numbered:
        lines += _groups(numbered)
    return "\n".join(lines) + "\n"


def _sender(number: int, port: Port) -> list[str]:
    """A secured port sends from its own addresses and its allowed pairs, and is no router and no DHCP server."""
    macs = sorted({port.mac, *(mac for mac, _ in port.pairs)})
    sources = [*map(_prefix, port.addresses), *(prefix for _, prefix in port.pairs)]
    own4 = prefixes([*sources, IPv4Network("0.0.0.0/32")], 4)
    link_local = [IPv6Network(_link_local(mac)) for mac in macs]
    own6 = prefixes([*sources, *link_local, IPv6Network("::/128")], 6)
    return [
        f" chain from_{number} {{",
        f"  ether saddr != {{ {', '.join(macs)} }} drop",
        f"  ether type arp arp saddr ether != {{ {', '.join(macs)} }} drop",
        f"  ether type arp arp saddr ip != {{ {own4} }} drop",
        f"  ether type ip ip saddr != {{ {own4} }} drop",
        "  ether type ip udp sport 67 udp dport 68 drop",
        f"  ether type ip6 ip6 saddr != {{ {own6} }} drop",
        "  ether type ip6 icmpv6 type nd-router-advert drop",
        "  ether type ip6 udp sport 547 udp dport 546 drop",
        f"  ether type {{ ip, ip6 }} meta mark set {number} accept",
        "  ether type arp accept",
        "  drop",
        " }",
    ]


def _groups(numbered: Sequence[tuple[int, Port]]) -> list[str]:
    """The security groups. What is sent to many is not tracked: its copies would be one connection several times."""
    lines = ["table inet ace {", " chain untracked { type filter hook prerouting priority raw;"]
    lines += ["  ip daddr { 224.0.0.0/4, 255.255.255.255 } notrack", "  ip6 daddr ff00::/8 notrack"]
    lines += [f"  {NEIGHBOURS} notrack", " }"]
    for word, ingress in (("sends", False), ("receives", True)):
        for number, port in numbered:
            lines.append(f" chain {word}_{number} {{")
            lines += [f"  {match} accept" for rule in port.rules if rule.ingress is ingress for match in matches(rule)]
            lines += ["  counter drop", " }"]
    untracked = [str(number) for number, port in numbered if not port.tracked]
    for word, hook in (("sends", "prerouting"), ("receives", "forward")):
        targets = f"  meta mark vmap {{ {', '.join(f'{number} : goto {word}_{number}' for number, _ in numbered)} }}"
        if untracked:
            lines += [f" chain {word}_untracked {{", f"  {NEIGHBOURS} accept", f"  {LISTENERS} accept", targets, " }"]
        lines += [
            f" chain {word} {{ type filter hook {hook} priority filter;",
            "  meta mark 0 accept",
            *([f"  meta mark {{ {', '.join(untracked)} }} goto {word}_untracked"] if untracked else []),
            "  ct state established,related accept",
            "  ct state invalid drop",
            f"  {NEIGHBOURS} accept",
            f"  {LISTENERS} accept",
            targets,
            " }",
        ]
    return [*lines, "}"]


def matches(rule: Rule) -> list[str]:
    """The rule as nftables' expressions; none if it is for nobody (an empty group)."""
    family = "ip6" if rule.version == 6 else "ip"
    parts = [f"meta nfproto {'ipv6' if rule.version == 6 else 'ipv4'}"]
    if rule.remotes is not None:
        remotes = prefixes(rule.remotes, rule.version)
        if not remotes:
            return []
        if "/0" not in remotes:
            parts.append(f"{family} {'saddr' if rule.ingress else 'daddr'} {{ {remotes} }}")
    protocol = _protocol(rule)
    if protocol is not None:
        parts.append(f"meta l4proto {protocol}")
        if protocol in ("icmp", "ipv6-icmp"):
            word = "icmp" if protocol == "icmp" else "icmpv6"
            parts += [f"{word} type {rule.first}"] if rule.first is not None else []
            parts += [f"{word} code {rule.last}"] if rule.last is not None else []
        elif protocol in WITH_PORTS and rule.first is not None and rule.last is not None:
            parts.append(f"th dport {rule.first}-{rule.last}" if rule.first != rule.last else f"th dport {rule.first}")
    return [" ".join(parts)]


def _protocol(rule: Rule) -> str | None:
    protocol = str(rule.protocol).lower() if rule.protocol is not None else "any"
    if protocol in ("any", "0"):
        return None
    name = NUMBERS.get(protocol, protocol)
    if name == "vrrp":  # nftables knows it by its name in /etc/protocols, which a machine need not have
        return "112"
    if rule.version == 6 and name in ("icmp", "icmpv6", "ipv6-icmp"):
        return "ipv6-icmp"
    return name


def of_router(router: Router) -> str:
    """What the router translates: floating IPs both ways, and all else that leaves by the external network.

    Packets between its inner interfaces, transit among them, stay as they are.
    """
    lines = ["table ip ace", "delete table ip ace", "table ip ace {"]
    if router.uplink is not None:
        out = router_interface(router.uplink.interface.port_id)
        inwards = ", ".join(f"{floating} : {fixed}" for floating, fixed in sorted(router.floating))
        outwards = ", ".join(f"{fixed} : {floating}" for floating, fixed in sorted(router.floating))
        if router.floating:
            for chain, hook in (("came", "prerouting"), ("made", "output")):
                lines.append(f" chain {chain} {{ type nat hook {hook} priority -100;")
                lines += [f"  dnat to ip daddr map {{ {inwards} }}", " }"]
        lines.append(" chain leaving { type nat hook postrouting priority 100;")
        if router.floating:
            lines.append(f'  oifname "{out}" snat to ip saddr map {{ {outwards} }}')
            # One behind this router asks another by its floating IP: the answer has to come back through here.
            lines.append(f'  iifname != "{out}" ct status dnat snat to ip saddr map {{ {outwards} }}')
        own = next((str(address.ip) for address in router.uplink.interface.addresses if address.version == 4), None)
        if router.uplink.snat and own:
            lines.append(f'  oifname "{out}" iifname != "{out}" snat to {own}')
        lines.append(" }")
    return "\n".join([*lines, "}"]) + "\n"


def prefixes(given: Iterable[Prefix], version: int) -> str:
    """Those of one family as elements of a set, none inside another (nftables refuses that)."""
    if version == 4:
        return ", ".join(map(_element, collapse_addresses([p for p in given if isinstance(p, IPv4Network)])))
    return ", ".join(map(_element, collapse_addresses([p for p in given if isinstance(p, IPv6Network)])))


def quoted(names: Iterable[str]) -> list[str]:
    """Each in quotation marks."""
    return [f'"{word}"' for word in names]


def _element(prefix: Prefix) -> str:
    return str(prefix.network_address) if prefix.prefixlen == prefix.max_prefixlen else str(prefix)


def _prefix(address: object) -> Prefix:
    return IPv6Network(address) if isinstance(address, IPv6Address) else IPv4Network(str(address))


def _link_local(mac: str) -> IPv6Address:
    """The link-local address that follows from a MAC address (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    interface = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return IPv6Address(b"\xfe\x80" + bytes(6) + interface)
