"""Read back a rendered frr.conf: as much of FRR's language as ACE writes, every statement with its line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network

Prefix = IPv4Network | IPv6Network


@lru_cache(maxsize=65_536)
def prefix_of(text: str) -> Prefix:
    """A prefix; the same ones stand in many files.

    Raises:
        ValueError: It is none.
    """
    return ip_network(text)


def is_host(prefix: Prefix) -> bool:
    """Whether it is one address: a gateway's own loopback, part of its site's, which the firewall has as a whole."""
    return prefix.prefixlen == prefix.max_prefixlen


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a prefix list; `ge` and `le` are what it matches, spelt out."""

    seq: int
    permit: bool
    prefix: Prefix
    ge: int
    le: int
    line: int

    def matches(self, prefix: Prefix) -> bool:
        """Whether this line decides about a prefix."""
        return (
            prefix.version == self.prefix.version
            and self.ge <= prefix.prefixlen <= self.le
            and self.prefix.prefixlen <= prefix.prefixlen
            and not (int(prefix.network_address) ^ int(self.prefix.network_address)) >> self._free
        )

    @property
    def _free(self) -> int:
        """Bits of an address that the prefix leaves open."""
        return self.prefix.max_prefixlen - self.prefix.prefixlen

    @property
    def exact(self) -> bool:
        """Whether it matches its own prefix and nothing longer."""
        return self.ge == self.le == self.prefix.prefixlen


@dataclass(slots=True)
class Family:
    """A neighbour in one address family; lines are 0 where it has no settings."""

    active: bool = False
    list_in: str = ""
    list_out: str = ""
    map_in: str = ""
    map_out: str = ""
    path_in: str = ""
    max_prefixes: int = 0
    line: int = 0


@dataclass(slots=True)
class Neighbour:
    """A BGP neighbour. `families` has 4 and 6."""

    address: IPv6Address
    line: int
    asn: int = 0
    description: str = ""
    role: str = ""
    strict: bool = False
    role_line: int = 0
    hops: int = 0
    bfd: str = ""
    families: dict[int, Family] = field(default_factory=lambda: {4: Family(), 6: Family()})


@dataclass(frozen=True, slots=True)
class Announced:
    """A `network` statement."""

    prefix: Prefix
    route_map: str
    line: int


@dataclass(slots=True)
class Clause:
    """A numbered part of a route map."""

    name: str
    permit: bool
    seq: int
    line: int
    matches: list[str] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Frr:
    """A whole frr.conf."""

    asn: int = 0
    asn_line: int = 0
    neighbours: dict[IPv6Address, Neighbour] = field(default_factory=dict)
    networks: list[Announced] = field(default_factory=list)
    lists: dict[tuple[int, str], list[Entry]] = field(default_factory=dict)
    maps: dict[str, list[Clause]] = field(default_factory=dict)
    communities: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Large-community lists: what they permit, and the line."""
    paths: dict[str, tuple[str, int]] = field(default_factory=dict)
    """AS-path lists, likewise."""
    bfd: dict[str, str] = field(default_factory=dict)
    """Settings of the BFD profile."""

    def entries(self, name: str, version: int) -> list[Entry]:
        """A prefix list, in order."""
        return self.lists.get((version, name), [])

    def decide(self, name: str, prefix: Prefix) -> Entry | None:
        """The line of a prefix list that decides about a prefix; None: none does, so it is denied."""
        return next((entry for entry in self.entries(name, prefix.version) if entry.matches(prefix)), None)

    def marks(self, name: str) -> list[str]:
        """The large communities that a route map sets, in order."""
        return [mark for clause in self.maps.get(name, []) for text in clause.sets for mark in text.split()[1:]]

    def originated(self) -> list[Announced]:
        """What is announced to others: the networks that get marks."""
        return [network for network in self.networks if network.route_map.startswith("ORIGIN-")]


def parse(text: str) -> Frr:
    """Read a file.

    Raises:
        ValueError: A statement that is read here is malformed; the message begins with its line number.
    """
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        tokens = line.split()
        if not tokens or tokens[0].startswith(("!", "#")):
            continue
        try:
            reader.take(tokens, number)
        except (ValueError, IndexError, KeyError) as error:
            raise ValueError(f"{number}: {line.strip()[:80]!r} is not understood: {error}") from None
    for entries in reader.found.lists.values():
        entries.sort(key=lambda entry: entry.seq)
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.found = Frr()
        self._family = 0
        self._clause: Clause | None = None
        self._in_profile = False
        self._handlers: dict[str, Callable[[list[str], int], None]] = {
            "router": self._router,
            "neighbor": self._neighbour,
            "network": self._network,
            "address-family": self._address_family,
            "exit-address-family": self._end_family,
            "ip": self._list,
            "ipv6": self._list,
            "route-map": self._route_map,
            "match": self._in_clause,
            "set": self._in_clause,
            "bgp": self._bgp,
            "profile": self._profile,
            "exit": self._end,
        }

    def take(self, tokens: list[str], line: int) -> None:
        handler = self._handlers.get(tokens[0])
        if handler is not None:
            handler(tokens, line)
        elif self._in_profile:
            self.found.bfd[tokens[0]] = tokens[1]

    def _router(self, tokens: list[str], line: int) -> None:
        self.found.asn, self.found.asn_line = int(tokens[2]), line

    def _address_family(self, tokens: list[str], _: int) -> None:
        self._family = {"ipv4": 4, "ipv6": 6}[tokens[1]]

    def _end_family(self, _: list[str], __: int) -> None:
        self._family = 0

    def _end(self, _: list[str], __: int) -> None:
        self._clause, self._in_profile = None, False

    def _profile(self, _: list[str], __: int) -> None:
        self._in_profile = True

    def _neighbour(self, tokens: list[str], line: int) -> None:
        address = IPv6Address(tokens[1])
        neighbour = self.found.neighbours.setdefault(address, Neighbour(address, line))
        if self._family:
            self._in_family(neighbour.families[self._family], tokens, line)
            return
        match tokens[2]:
            case "remote-as":
                neighbour.asn = int(tokens[3])
            case "description":
                neighbour.description = " ".join(tokens[3:])
            case "local-role":
                neighbour.role, neighbour.strict, neighbour.role_line = tokens[3], "strict-mode" in tokens[4:], line
            case "ttl-security":
                neighbour.hops = int(tokens[4])
            case "bfd" if tokens[3:4] == ["profile"]:
                neighbour.bfd = tokens[4]

    @staticmethod
    def _in_family(family: Family, tokens: list[str], line: int) -> None:
        family.line = family.line or line
        match tokens[2:]:
            case ["activate"]:
                family.active = True
            case ["prefix-list", name, "in"]:
                family.list_in = name
            case ["prefix-list", name, "out"]:
                family.list_out = name
            case ["route-map", name, "in"]:
                family.map_in = name
            case ["route-map", name, "out"]:
                family.map_out = name
            case ["filter-list", name, "in"]:
                family.path_in = name
            case ["maximum-prefix", number, *_]:
                family.max_prefixes = int(number)

    def _network(self, tokens: list[str], line: int) -> None:
        route_map = tokens[3] if tokens[2:3] == ["route-map"] else ""
        self.found.networks.append(Announced(prefix_of(tokens[1]), route_map, line))

    def _list(self, tokens: list[str], line: int) -> None:
        if tokens[1] != "prefix-list":
            return
        version = 4 if tokens[0] == "ip" else 6
        prefix = prefix_of(tokens[6])
        bounds = dict(zip(tokens[7::2], map(int, tokens[8::2]), strict=True))
        shortest = bounds.get("ge", prefix.prefixlen)
        longest = bounds.get("le", prefix.max_prefixlen if "ge" in bounds else prefix.prefixlen)
        entry = Entry(int(tokens[4]), tokens[5] == "permit", prefix, shortest, longest, line)
        self.found.lists.setdefault((version, tokens[2]), []).append(entry)

    def _route_map(self, tokens: list[str], line: int) -> None:
        self._clause = Clause(tokens[1], tokens[2] == "permit", int(tokens[3]), line)
        self.found.maps.setdefault(tokens[1], []).append(self._clause)

    def _in_clause(self, tokens: list[str], _: int) -> None:
        if self._clause is not None:
            (self._clause.matches if tokens[0] == "match" else self._clause.sets).append(" ".join(tokens[1:]))

    def _bgp(self, tokens: list[str], line: int) -> None:
        if tokens[1] == "large-community-list":
            self.found.communities[tokens[3]] = (" ".join(tokens[7:]), line)
        elif tokens[1] == "as-path":
            self.found.paths[tokens[3]] = (" ".join(tokens[7:]), line)
