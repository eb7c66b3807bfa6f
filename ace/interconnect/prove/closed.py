"""Proof: the files contain what this region's tunnels and announcements call for, and not one statement more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import PurePosixPath
from typing import Final

from ace.interconnect.prove import expected, expected_frr, expected_nftables, statements
from ace.interconnect.prove.expected import Line, View
from ace.interconnect.prove.frr import Prefix
from ace.interconnect.prove.outcome import ProofOutcome, counted, outcome
from ace.interconnect.prove.region import Flaw, Host, Region, Session
from ace.interconnect.prove.statements import Statement
from ace.interconnect.prove.wireguard import Tunnel
from ace.interconnect.render import PLACEHOLDER

_CHARACTERS: Final = re.compile(r"[^\t\n -~]")
"""Other characters could end a line for one reader and not for another."""
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
_SHOWN: Final = 90


def nothing_else(region: Region) -> ProofOutcome:
    """Every statement of every file is an expected one, each as often as expected; the rules of a chain in order."""
    flaws = [flaw for path, text in region.files.items() for flaw in (*_name(path), *_characters(path, text))]
    pools, found = _pools(region)
    flaws += found
    blocks = _blocks(region)
    number = 0
    if pools is not None:
        sessions: dict[str, list[Session]] = {}
        for session in region.sessions:
            sessions.setdefault(session.host.name, []).append(session)
        for host in region.hosts.values():
            for path, written, required, ordered in _files(region, host, sessions.get(host.name, []), pools, blocks):
                number += len(written)
                flaws += _compared(path, written, required, ordered=ordered)
            flaws += _addresses(host)
    return outcome(flaws, f"each of {counted(number, 'statement')} is one that tunnels and announcements call for")


def _files(
    region: Region,
    host: Host,
    sessions: Sequence[Session],
    pools: tuple[Prefix, Prefix],
    blocks: dict[int, tuple[Prefix, ...]],
) -> Iterator[tuple[str, list[Statement], list[Line], bool]]:
    """Each file of a host: its path, its statements, the required ones, and whether the order within a block counts."""
    frr = list(statements.of_frr(region.files[host.frr_file]))
    nft = list(statements.of_nftables(region.files[host.nft_file]))
    ports = [s.text for s in nft if s.text.startswith("udp dport ")]
    ranks = {text.rsplit('"', 2)[-2]: place for place, text in enumerate(ports) if text.count('"') >= 2}
    inorder = sorted(sessions, key=lambda session: ranks.get(session.tunnel.interface, len(ranks)))
    view = View(host, tuple(inorder), pools, _loopbacks(frr), blocks)
    yield host.frr_file, frr, list(expected_frr.frr(view)), False
    yield host.nft_file, nft, list(expected_nftables.nftables(view)), True
    for tunnel in host.tunnels:
        path = host.tunnel_file(tunnel)
        yield path, list(statements.of_wireguard(region.files[path])), list(expected.wireguard(tunnel)), False


def _name(path: str) -> Iterator[Flaw]:
    name = PurePosixPath(path).name
    if name not in ("frr.conf", "nftables.conf") and not re.fullmatch(r"wg-[a-z0-9]+\.conf", name):
        yield Flaw(path, 0, "is no file that ACE renders")


def _characters(path: str, text: str) -> Iterator[Flaw]:
    if not _CHARACTERS.search(text):
        return
    for number, line in enumerate(text.split("\n"), 1):
        if strange := _CHARACTERS.search(line):
            yield Flaw(path, number, f"the character U+{ord(strange.group()):04X} is none that ACE writes")


def _pools(region: Region) -> tuple[tuple[Prefix, Prefix] | None, list[Flaw]]:
    """The region's address pools, as most firewalls have them: one private prefix of each family."""
    by_pools: dict[tuple[Prefix, ...], list[Host]] = {}
    for host in region.hosts.values():
        pools = tuple(element.prefix for name in ("pool4", "pool6") for element in host.sets.get(name, []))
        by_pools.setdefault(pools, []).append(host)
    if not by_pools:
        return None, []
    pools = max(by_pools, key=lambda pools: len(by_pools[pools]))
    flaws = [
        Flaw(hosts[0].nft_file, 0, "other pools than its neighbours have")
        for other, hosts in by_pools.items()
        if other != pools
    ]
    if len(pools) != 2 or [pool.version for pool in pools] != [4, 6] or not all(pool.is_private for pool in pools):
        first = by_pools[pools][0].nft_file
        return None, [*flaws, Flaw(first, 0, "pool4 and pool6 are not one private prefix each")]
    return (pools[0], pools[1]), flaws


def _blocks(region: Region) -> dict[int, tuple[Prefix, ...]]:
    return {
        host.slot: tuple(sorted(host.blocks, key=lambda block: (block.version, str(block))))
        for host in region.hosts.values()
        if host.slot >= 0
    }


def _loopbacks(frr: Iterable[Statement]) -> tuple[IPv4Address | None, IPv6Address | None]:
    found: dict[int, IPv4Address | IPv6Address] = {}
    for statement in frr:
        if statement.block == "interface lo" and statement.text.split(" ")[1:2] == ["address"]:
            try:
                address = ip_address(statement.text.split(" ")[-1].split("/")[0])
            except ValueError:
                continue
            found.setdefault(address.version, address)
    one, other = found.get(4), found.get(6)
    return one if isinstance(one, IPv4Address) else None, other if isinstance(other, IPv6Address) else None


def _addresses(host: Host) -> Iterator[Flaw]:
    """Values that nothing else compares: siblings' addresses, keys and endpoints."""
    for neighbour in host.frr.neighbours.values():
        own = any(block.version == 6 and neighbour.address in block for block in host.blocks)
        if neighbour.asn == host.frr.asn and not own:
            yield Flaw(host.frr_file, neighbour.line, f"{neighbour.address} is no address of this data centre")
    for tunnel in host.tunnels:
        yield from _far_end(host, tunnel)


def _far_end(host: Host, tunnel: Tunnel) -> Iterator[Flaw]:
    path = host.tunnel_file(tunnel)
    if tunnel.key != PLACEHOLDER and not _KEY.fullmatch(tunnel.key):
        yield Flaw(path, tunnel.lines["PublicKey"], "is no WireGuard key (32 bytes in base64)")
    if tunnel.endpoint == PLACEHOLDER:
        return
    try:
        ip_address(tunnel.endpoint.removeprefix("[").removesuffix("]"))
    except ValueError:
        yield Flaw(path, tunnel.lines["Endpoint"], f"{tunnel.endpoint[:_SHOWN]!r} is no IP address")


def _compared(path: str, written: Sequence[Statement], required: Sequence[Line], *, ordered: bool) -> Iterator[Flaw]:
    """What is written and not required, required and not written, and (if all is there) what stands in another order."""
    left = Counter(required)
    if left == Counter((block, text) for block, text, _ in written):
        if ordered:
            yield from _order(path, written, required)
        return
    for statement in written:
        line = (statement.block, statement.text)
        if left[line] > 0:
            left[line] -= 1
        else:
            yield Flaw(path, statement.line, f"{_quoted(*line)}: nothing calls for it")
    missing = [line for line, count in left.items() for _ in range(count)]
    lines = {statement.block: statement.line for statement in reversed(written)}
    for block, text in missing:
        yield Flaw(path, _near(lines, block), f"{_quoted(block, text)} is missing")


def _quoted(block: str, text: str) -> str:
    return f"`{text[:_SHOWN]}`" + (f" in `{block}`" if block else "")


def _near(lines: dict[str, int], block: str) -> int:
    """The line where the block begins, or the nearest block around it that is there."""
    while block and block not in lines:
        block = block.rpartition(" > ")[0]
    return lines.get(block, 0) if block else 0


def _order(path: str, written: Sequence[Statement], required: Sequence[Line]) -> Iterator[Flaw]:
    """Rules of chains, where the first that fits decides. Sets, and restricted prefixes among themselves, have no order."""
    for chain in dict.fromkeys(block for block, _ in required if " > chain " in block):
        here = [statement for statement in written if statement.block == chain]
        there = _grouped(text for block, text in required if block == chain)
        for statement, text in zip(here, _in_order(here, there), strict=True):
            if statement.text != text:
                yield Flaw(
                    path, statement.line, f"`{statement.text[:_SHOWN]}` in `{chain}`: `{text[:_SHOWN]}` comes first"
                )
                break


def _grouped(rules: Iterable[str]) -> list[list[str]]:
    """Rules in order, those that may stand in any order among themselves together."""
    groups: list[list[str]] = []
    for rule in rules:
        free = " != { " in rule and rule.endswith(" } counter drop")
        if free and groups and " != { " in groups[-1][0]:
            groups[-1].append(rule)
        else:
            groups.append([rule])
    return groups


def _in_order(written: Sequence[Statement], groups: Iterable[list[str]]) -> list[str]:
    """The required rules, those of a group in the order in which they are written."""
    ranks = {statement.text: place for place, statement in enumerate(written)}
    return [rule for group in groups for rule in sorted(group, key=lambda rule: ranks.get(rule, 0))]
