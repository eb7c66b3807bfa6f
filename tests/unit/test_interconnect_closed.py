"""The proof `nothing-else`: a statement that nothing calls for is a flaw, by file and line, wherever it stands."""

from __future__ import annotations

import re
import subprocess
import tempfile
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ace.interconnect.prove import PROOFS, frr, read_region
from ace.interconnect.prove.closed import nothing_else
from ace.interconnect.prove.region import Flaw

from .test_interconnect_proofs import HUB, KE, NEEDS, TN, TN_HUB, rendered

TN_FRR, TN_NFT, HUB_FRR, HUB_NFT = f"{TN}/frr.conf", f"{TN}/nftables.conf", f"{HUB}/frr.conf", f"{HUB}/nftables.conf"
BGP, FAMILY = r"^router bgp", r"address-family ipv4 unicast"

INSERTED = {
    # name: file, the line after which it is put (first that matches), what is put there
    "connected routes announced": (TN_FRR, FAMILY, "  redistribute connected"),
    "the kernel's routes announced": (TN_FRR, FAMILY, "  redistribute kernel"),
    "static routes announced": (HUB_FRR, FAMILY, "  redistribute static route-map TO-PEER"),
    "an aggregate over everybody": (TN_FRR, FAMILY, "  aggregate-address 10.64.0.0/10"),
    "the own AS in others' paths": (TN_FRR, r"next-hop-self", "  neighbor {far} allowas-in"),
    "a default route for a neighbour": (HUB_FRR, FAMILY, "  neighbor {far} default-originate"),
    "policies not needed": (TN_FRR, BGP, " no bgp ebgp-requires-policy"),
    "a neighbour that anybody can be": (TN_FRR, BGP, " bgp listen range fd00::/8 peer-group ANY"),
    "a second router": (TN_FRR, r"^ipv6 protocol bgp", "router ospf\n redistribute bgp\nexit"),
    "a route of one's own": (TN_FRR, r"^ip route .* reject", "ip route 10.114.0.0/20 10.113.65.1"),
    "a default route": (TN_FRR, r"^ip route .* reject", "ip route 0.0.0.0/0 blackhole"),
    "a network twice": (TN_FRR, r"network 10\.113\.68\.0/25", "  network 10.113.68.0/25 route-map ORIGIN-INFRASTRUCTURE"),
    "an entry twice": (HUB_FRR, r"^ip prefix-list FROM-TN0G1 seq 5 ", "ip prefix-list FROM-TN0G1 seq 5 permit any"),
    "a list of everything": (TN_FRR, r"^bgp community-list", "ip prefix-list ALL seq 5 permit 0.0.0.0/0 le 32"),
    "a clause before the others": (HUB_FRR, r"^exit", "route-map TO-PEER permit 5\nexit"),
    "a next hop of its own choice": (TN_FRR, r"^route-map FROM-PROVIDER permit 20", " set ip next-hop 10.113.64.9"),
    "a mark taken off": (TN_FRR, r"^route-map ORIGIN", " set large-community none"),
    "a path made short": (HUB_FRR, r"^route-map FROM-CUSTOMER permit 20", " set as-path replace any"),
    "a script": (TN_FRR, r"^log syslog", "service cputime-warning 1"),
    "a password": (TN_FRR, r"^log syslog", "password secret"),
    "an accept at the head": (TN_NFT, r"chain forward", "\t\taccept"),
    "an accept in a policy": (TN_NFT, r"chain forward", "\t\ttype filter hook forward priority -10; policy accept;"),
    "an accept behind a rule": (HUB_NFT, r"chain interconnect_between", '\t\tcounter accept comment "wg"'),
    "a table of its own": (TN_NFT, r"^}", "table inet other {\n\tchain output {\n\t\taccept\n\t}\n}"),
    "another table emptied": (TN_NFT, r"^# Part", "flush table inet ace"),
    "a chain more": (TN_NFT, r"^table", "\tchain prerouting {\n\t\tnotrack\n\t}"),
    "an include": (TN_NFT, r"^# Part", 'include "/tmp/x.nft"'),
    "a member of a set more": (TN_NFT, r"set peers", "\t\telements = { ::/0 }"),
    "a command when it is up": (TN_HUB[0], r"^PostUp", "PostUp = iptables -P FORWARD ACCEPT"),
    "a command before it is up": (TN_HUB[0], r"^Table", "PreUp = sh /tmp/x"),
    "a second peer": (TN_HUB[0], r"^Persistent", f"[Peer]\nPublicKey = {'Z' * 43}=\nAllowedIPs = 0.0.0.0/0"),
    "a mark for packets": (TN_HUB[0], r"^Table", "FwMark = 1"),
    "a resolver": (TN_HUB[0], r"^Table", "DNS = 192.0.2.1"),
    "a second address": (TN_HUB[0], r"^Address", "Address = 10.113.64.0/20"),
}  # fmt: skip

CHANGED = {
    # name: file, what is looked for, what it becomes
    "a path of anybody": (HUB_FRR, r"(as-path access-list FROM-TN0G1 seq 5 permit) .*", r"\1 .*"),
    "more than the region from a hub": (
        TN_FRR,
        r"(ip prefix-list FROM-H9010G1 seq 10 permit) .*",
        r"\1 11.0.0.0/8 le 32",
    ),
    "longer networks from a hub": (TN_FRR, r"(ip prefix-list FROM-H9010G1 seq 10 .*) le 28", r"\1 le 32"),
    "more from another hub": (HUB_FRR, r"(ip prefix-list FROM-H9020G1 seq 10 permit \S+) le 28", r"\1 le 31"),
    "the preference of another": (TN_FRR, r" set local-preference 100", " set local-preference 900"),
    "slower to see silence": (TN_FRR, r"timers 10 30", "timers 60 180"),
    "another route's distance": (TN_FRR, r"(ip route \S+ reject) 250", r"\1 1"),
    "another's loopback": (TN_FRR, r"(set src) 10\S+", r"\1 10.114.0.1"),
    "no limit of hops": (TN_NFT, r"(udp dport \{ 3784, 4784 \}) ip6 hoplimit 255", r"\1"),
    "a set of another type": (TN_NFT, r"type ipv6_addr", "type inet_service"),
    "a jump elsewhere": (TN_NFT, r"goto interconnect_in$", "goto interconnect_here"),
    "a drop that is none": (TN_NFT, r"counter drop", "counter accept"),
    "restricted for one more": (
        f"{KE}/nftables.conf",
        r"(ip daddr \S+ ip saddr != \{ .*) \} counter",
        r"\1, 10.64.0.0/10 } counter",
    ),
    "no tunnel's key": (TN_HUB[0], r"PublicKey = .*", "PublicKey = x"),
    "an endpoint that is a name": (TN_HUB[0], r"Endpoint = [^:]*", "Endpoint = evil.example"),
    "another command": (TN_HUB[0], r"PostUp = .*", "PostUp = sh /tmp/x"),
    "no wakeful tunnel": (TN_HUB[0], r"PersistentKeepalive = 25", "PersistentKeepalive = 0"),
    "a line within a line": (TN_FRR, r"^log syslog informational", "log syslog informational\rpassword x"),
    "a character of another line": (TN_FRR, r"^! ---- BGP", "! \u2028password x"),
}


def flaws(files: dict[str, str], path: str) -> list[Flaw]:
    region = read_region(files)
    return [flaw for flaw in (*region.flaws, *nothing_else(region).flaws) if flaw.file == path]


@pytest.mark.parametrize("name", INSERTED)
def test_a_statement_more_is_a_flaw_where_it_stands(name: str) -> None:
    path, after, more = INSERTED[name]
    lines = rendered()[path].split("\n")
    place = next(number for number, line in enumerate(lines) if re.search(after, line)) + 1
    far = (
        next(line.split()[1] for line in rendered()[path].split("\n") if " remote-as " in line)
        if "{far}" in more
        else ""
    )
    lines[place:place] = more.replace("{far}", far).split("\n") if far else more.split("\n")
    found = flaws({**rendered(), path: "\n".join(lines)}, path)
    assert place + 1 in {flaw.line for flaw in found}, [str(flaw) for flaw in found]


@pytest.mark.parametrize("name", CHANGED)
def test_a_statement_that_says_another_thing_is_a_flaw_where_it_stands(name: str) -> None:
    path, old, new = CHANGED[name]
    lines = rendered()[path].split("\n")
    place = next(number for number, line in enumerate(lines) if re.search(old, line))
    lines[place] = re.sub(old, new, lines[place])
    found = flaws({**rendered(), path: "\n".join(lines)}, path)
    assert place + 1 in {flaw.line for flaw in found}, [str(flaw) for flaw in found]


@settings(max_examples=60)
@given(data=st.data())
def test_no_line_can_be_left_out_doubled_or_moved_to_another_block(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([TN_FRR, HUB_FRR, TN_NFT, HUB_NFT, TN_HUB[0]]))
    lines = rendered()[path].split("\n")
    statements = [n for n, line in enumerate(lines) if line.strip() and not line.strip().startswith(("!", "#"))]
    place = data.draw(st.sampled_from(statements))
    changed = list(lines)
    if data.draw(st.booleans()):
        del changed[place]
    else:
        changed.insert(data.draw(st.sampled_from(statements)), lines[place])
    files = {**rendered(), path: "\n".join(changed)}
    region = read_region(files)
    pure = (proof for name, proof in PROOFS.items() if name not in NEEDS)
    assert region.flaws or any(proof(region).flaws for proof in pure)


# ------------------------------------------------------------------------------------------------- FRR's own grammar

BLOCKS = {
    # FRR's node, as the lines that lead into it: where in our file its statements could stand
    "router bgp 65000": BGP,
    "router bgp 65000\naddress-family ipv4 unicast": FAMILY,
    "router bgp 65000\naddress-family ipv6 unicast": r"address-family ipv6 unicast",
    "route-map X permit 10": r"^route-map FROM-PROVIDER permit 20",
    "interface lo": r"^interface lo",
    "bfd\nprofile x": r"^ profile interconnect",
    "": r"^service integrated",
}
VALUES = (
    ("A.B.C.D/M", "10.64.0.0/10"),
    ("X:X::X:X/M", "fd92:3091:a000::/36"),
    ("A.B.C.D", "10.64.0.9"),
    ("X:X::X:X", "fd92:3091:a000::9"),
)


@cache
def grammar(node: str) -> tuple[str, ...]:
    """The commands of a node as the installed FRR prints them, each with values in its places."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(f"{node}\nlist\n" if node else "list\n")
        file.flush()
        done = subprocess.run(["vtysh", "-C", "-f", file.name], capture_output=True, text=True, timeout=60, check=False)
    return tuple(
        sorted(
            {_with_values(line.strip()) for line in (done.stdout + done.stderr).splitlines() if line.startswith("  ")}
        )
    )


def _with_values(command: str) -> str:
    """One sentence of a command's grammar: first choices, no options, a value of each kind."""
    while True:
        shorter = re.sub(r"\[[^\[\]]*\]|\{[^{}]*\}", "", command)
        shorter = re.sub(r"<([^<>|]*)(\|[^<>]*)?>", r"\1", shorter)
        if shorter == command:
            break
        command = shorter
    command = re.sub(r"\((\d+)-\d+\)", r"\1", command)
    for kind, value in VALUES:
        command = command.replace(kind, value)
    return " ".join(re.sub(r"\$\w+|\.\.\.", "", command).split())


@pytest.mark.vtysh
@pytest.mark.parametrize("node", BLOCKS, ids=lambda node: node.replace("\n", " > ") or "top")
def test_every_command_of_frr_is_a_flaw_in_any_block_unless_it_stands_there_already(node: str) -> None:
    commands = grammar(node)
    assert len(commands) > 10, "vtysh printed no grammar"
    lines = rendered()[TN_FRR].split("\n")
    place = next(number for number, line in enumerate(lines) if re.search(BLOCKS[node], line)) + 1
    left = [command for command in commands if not _refused(command, lines, place)]
    moving = [command for command in left if _moves(command) or command in {line.strip() for line in lines}]
    assert [command for command in moving if not _flawed(command, lines, place)] == []
    harmless = [command for command in left if command not in moving]
    text = "\n".join([*lines[:place], *harmless, *lines[place:]])
    found = {flaw.line for flaw in flaws({**rendered(), TN_FRR: text}, TN_FRR)}
    assert [command for number, command in enumerate(harmless, place + 1) if number not in found] == []


def _refused(command: str, lines: list[str], place: int) -> bool:
    """Whether the reader itself stops at it."""
    try:
        frr.parse("\n".join([*lines[:place], command, *lines[place:]]))
    except ValueError as error:
        return str(error).startswith(f"{place + 1}:")
    return False


def _moves(command: str) -> bool:
    """Whether it leads into a block or out of one, so that what follows is a flaw, wherever it stands."""
    return command.startswith(("exit", "interface ", "router ", "address-family", "route-map ", "profile ", "bfd"))


def _flawed(command: str, lines: list[str], place: int) -> bool:
    return bool(flaws({**rendered(), TN_FRR: "\n".join([*lines[:place], command, *lines[place:]])}, TN_FRR))
