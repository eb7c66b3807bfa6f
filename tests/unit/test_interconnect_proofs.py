"""The offline proofs: they pass on what ACE renders, and each fails, by file and line, on a file broken in that one way."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from ace.errors import UserError
from ace.interconnect.plan import plan
from ace.interconnect.prove import PROOFS, prove, read_dir, read_region
from ace.interconnect.render import render
from ace.spec.iso3166 import COUNTRIES
from ace.spec.region import Topology
from ace.verdict import Verdict

from ..regions import a_member, a_region, shipped

NEEDS = {"frr-accepts": "vtysh", "nftables-accepts": "nft"}
"""Proofs by tools that may be missing."""


@cache
def rendered() -> dict[str, str]:
    """A region with everything in it: hubs, neighbours, a country of two data centres; every key published."""
    members = [a_member(code) for code in ("TN", "EG", "UG")] + [a_member("KE", sites=[0, 1])]
    planned = plan(a_region(members, hubs=("TN", "EG", "KE"), direct=[("TN", "KE")]))
    keys = {node.host: f"{place:043d}=" for place, node in enumerate(planned.nodes)}
    files = render(planned)
    for path in files:
        if "/wg-" in path:
            remote = re.search(r"tunnel to (\S+)", files[path])
            assert remote is not None
            host = remote.group(1)
            text = files[path].replace("PublicKey = PLACEHOLDER", f"PublicKey = {keys[host]}")
            place = list(keys).index(host) + 1
            files[path] = text.replace("Endpoint = PLACEHOLDER", f"Endpoint = 198.18.0.{place}")
    return files


def test_what_is_rendered_is_proven() -> None:
    results = {result.name: result for result in prove(read_region(rendered()))}
    assert {name: [str(flaw) for flaw in result.flaws] for name, result in results.items() if result.flaws} == {}
    desired = {name for name in PROOFS if name not in NEEDS} | {"readable"}
    assert {name for name, result in results.items() if result.verdict is Verdict.PASS} >= desired
    assert "two paths" in results["two-disjoint-paths"].evidence


@pytest.mark.parametrize("topology", list(Topology))
def test_all_of_africa_is_proven(topology: Topology) -> None:
    members = [a_member(code, gateways=[1] if code == "CD" else [1, 2]) for code in COUNTRIES]
    region = read_region(render(plan(a_region(members, hubs=("TN", "EG", "KE", "ZM"), topology=topology))))
    for name, proof in PROOFS.items():
        if name not in NEEDS:
            assert [str(flaw) for flaw in proof(region).flaws] == [], name
    assert "single-homed" in PROOFS["two-disjoint-paths"](region).evidence
    assert "cd-1.cd" in PROOFS["two-disjoint-paths"](region).evidence


@dataclass(frozen=True)
class Mutation:
    """One line of one file, changed (or, with `new` None, taken out). `told`: the place of a flaw, if it is another."""

    proof: str
    file: str
    old: str
    new: str | None
    told: tuple[str, str] | None = None

    def apply(self, files: dict[str, str]) -> tuple[dict[str, str], str, int]:
        lines = files[self.file].splitlines()
        hits = [number for number, line in enumerate(lines) if re.search(self.old, line)]
        assert hits, f"no line like {self.old} in {self.file}"
        number = hits[0]
        if self.new is None:
            del lines[number]
        else:
            lines[number] = re.sub(self.old, self.new, lines[number])
        changed = {**files, self.file: "\n".join(lines) + "\n"}
        if self.told is None:
            return changed, self.file, number + 1
        file, pattern = self.told
        place = next(n for n, line in enumerate(changed[file].splitlines(), 1) if re.search(pattern, line))
        return changed, file, place


TN, HUB, UG, KE = "tn/gw1.tn-1.tn", "tn/hub-hub0.tn-1.tn", "ug/gw1.ug-1.ug", "ke/gw1.ke-1.ke"
KE2 = "ke/gw1.ke-2.ke/frr.conf"
TN_HUB = (f"{TN}/wg-h9010g1.conf", f"{HUB}/wg-tn0g1.conf")
MUTATIONS = {
    "a gateway that no longer knows its hub": Mutation(
        "two-disjoint-paths", f"{TN}/frr.conf", r"remote-as 4200090100", "remote-as 4200090199"
    ),
    "a hub that takes a country for a peer": Mutation(
        "survives-any-failure", f"{HUB}/frr.conf", r"local-role provider", "local-role peer"
    ),
    "another address at one end": Mutation("symmetric", TN_HUB[0], r"Address = (.*)0/127", r"Address = \g<1>4/127"),
    "another port": Mutation("symmetric", TN_HUB[0], r"Endpoint = (.*):\d+", r"Endpoint = \1:20001"),
    "another MTU": Mutation("symmetric", TN_HUB[1], r"MTU = 1420", "MTU = 1400"),
    "another AS": Mutation("symmetric", f"{HUB}/frr.conf", r"remote-as 4200078800", "remote-as 4200078801"),
    "routes past BGP": Mutation("symmetric", TN_HUB[0], r"Table = off", "Table = auto", (TN_HUB[0], "Table")),
    "allowed IPs that BGP cannot move": Mutation(
        "symmetric", TN_HUB[0], r"AllowedIPs = .*", "AllowedIPs = 10.64.0.0/10"
    ),
    "a link that is no /127": Mutation("symmetric", TN_HUB[0], r"(Address = .*)/127", r"\1/64"),
    "another key of the same host": Mutation(
        "symmetric", "eg/hub-hub1.eg-1.eg/wg-h9010g1.conf", r"PublicKey = .*", f"PublicKey = {'Z' * 43}="
    ),
    "a gateway that forgot its sibling": Mutation(
        "symmetric", f"{TN}/frr.conf", r"neighbor \S+ description gw2.tn-1.tn", "!", (f"{TN}/frr.conf", "^router bgp")
    ),
    "slower BFD at one end": Mutation("symmetric", f"{TN}/frr.conf", r"detect-multiplier 4", "detect-multiplier 9"),
    "another's prefix announced": Mutation(
        "exports-are-own", f"{TN}/frr.conf", r"network 10\.113\.68\.0/25", "network 10.114.4.0/25"
    ),
    "another's prefix sent": Mutation(
        "exports-are-own",
        f"{TN}/frr.conf",
        r"(ip prefix-list TO-H9010G1 .* permit) 10\.113\.68\.0/25",
        r"\1 10.114.4.0/25",
    ),
    "another's prefix accepted": Mutation(
        "exports-are-own",
        f"{HUB}/frr.conf",
        r"(ip prefix-list FROM-TN0G1 .* permit) 10\.113\.68\.0/25",
        r"\1 10.114.4.0/25",
    ),
    "another data centre's prefix denied before it is accepted": Mutation(
        "exports-are-own",
        f"{KE}/frr.conf",
        r"(ip prefix-list FROM-KE1G1 seq 5) permit .*",
        r"\1 deny 10.89.64.0/20 le 32",
        (KE2, r"ip prefix-list TO-KE0G1 seq 5 permit"),
    ),
    "the own prefix accepted from another data centre": Mutation(
        "own-prefix-refused",
        f"{KE}/frr.conf",
        r"(ip prefix-list FROM-KE1G1 seq 5) permit .*",
        r"\1 permit 10.89.64.0/27",
    ),
    "more specifics accepted": Mutation(
        "exports-are-own", f"{HUB}/frr.conf", r"(ip prefix-list FROM-TN0G1 .* permit 10\.113\.68\.0/25)", r"\1 le 32"
    ),
    "a block that is no customer's passed to another hub": Mutation(
        "exports-are-own", f"{HUB}/frr.conf", r"(ip prefix-list TO-H9020G1 .* permit) 10\.\S+", r"\1 10.127.0.0/20"
    ),
    "a firewall that lets more in": Mutation(
        "exports-are-own", f"{TN}/nftables.conf", r"10\.113\.68\.0/25", "10.113.64.0/21"
    ),
    "a firewall that lets a customer pretend": Mutation(
        "exports-are-own", f"{HUB}/nftables.conf", r'"wg-tn0g1" \. 10\.113\.68\.0/25', '"wg-tn0g1" . 10.114.4.0/25'
    ),
    "a role that is not strict": Mutation("valley-free", f"{TN}/frr.conf", r" strict-mode", ""),
    "two providers of each other": Mutation(
        "valley-free", f"{HUB}/frr.conf", r"(9020:1|902:1) local-role peer", r"\1 local-role provider"
    ),
    "a hub that passes on what peers say": Mutation(
        "valley-free",
        f"{HUB}/frr.conf",
        r" match large-community CUSTOMERS",
        None,
        (f"{HUB}/frr.conf", "route-map TO-PEER permit 10"),
    ),
    "a hub that lets peers mark": Mutation(
        "valley-free",
        f"{HUB}/frr.conf",
        r" set large-comm-list CUSTOMERS delete",
        None,
        (f"{HUB}/frr.conf", "route-map FROM-PEER permit 10"),
    ),
    "a hub whose mark anybody can have": Mutation(
        "valley-free", f"{HUB}/frr.conf", r"(CUSTOMERS seq 5 permit) .*", r"\1 4200090100:1:788"
    ),
    "the own block accepted": Mutation(
        "own-prefix-refused", f"{TN}/frr.conf", r"(ip prefix-list FROM-H9010G1 seq 5) deny", r"\1 permit"
    ),
    "the own block forgotten": Mutation(
        "own-prefix-refused",
        f"{TN}/frr.conf",
        r"^ip prefix-list FROM-H9010G1 seq 5 deny",
        None,
        (f"{TN}/frr.conf", "^ip prefix-list FROM-H9010G1 seq 10"),
    ),
    "the default route accepted": Mutation(
        "own-prefix-refused", f"{TN}/frr.conf", r"permit 10\.64\.0\.0/10 ge 20 le 28", "permit 0.0.0.0/0 le 28"
    ),
    "a kept subnet announced": Mutation(
        "residency", f"{TN}/frr.conf", r"network 10\.113\.72\.0/27", "network 10.113.72.128/27"
    ),
    "a kept subnet sent": Mutation(
        "residency",
        f"{TN}/frr.conf",
        r"(ip prefix-list TO-H9010G1 seq \d+) deny 10\.113\.72\.128/27",
        r"\1 permit 10.113.72.128/27",
    ),
    "a kept subnet let through the firewall": Mutation(
        "residency", f"{TN}/nftables.conf", r"10\.113\.72\.0/27", "10.113.72.0/24"
    ),
    "a kept subnet accepted by a hub": Mutation(
        "residency",
        f"{HUB}/frr.conf",
        r"(ip prefix-list FROM-TN0G1 .* permit) 10\.113\.68\.0/25",
        r"\1 10.113.72.128/27",
    ),
    "a limited subnet sent to a neighbour that is not listed": Mutation(
        "residency", f"{TN}/frr.conf", r"(ip prefix-list TO-KE0G1 .* permit) 10\.113\.68\.0/25", r"\1 10.113.72.0/27"
    ),
    "a hub that gives limited routes to all": Mutation(
        "residency",
        f"{HUB}/frr.conf",
        r"route-map TO-MEMBER-788 deny 20",
        "route-map TO-MEMBER-788 permit 20",
        (f"{HUB}/frr.conf", "route-map TO-MEMBER-788 permit 10"),
    ),
    "a hub that does not know limited routes": Mutation(
        "residency", f"{HUB}/frr.conf", r"(RESTRICTED seq 5 permit) .*", r"\1 _[0-9]+:7:0_"
    ),
    "no filter of what is sent": Mutation(
        "guarded",
        f"{TN}/frr.conf",
        r"neighbor \S+ prefix-list TO-H9010G1 out",
        None,
        (f"{TN}/frr.conf", r"901:1 activate"),
    ),
    "no limit of prefixes": Mutation(
        "guarded", f"{TN}/frr.conf", r"901:1 maximum-prefix", None, (f"{TN}/frr.conf", r"901:1 activate")
    ),
    "packets from afar": Mutation(
        "guarded", f"{TN}/frr.conf", r"901:1 ttl-security", None, (f"{TN}/frr.conf", r"901:1 remote-as")
    ),
    "no BFD": Mutation("guarded", f"{TN}/frr.conf", r"901:1 bfd profile", None, (f"{TN}/frr.conf", r"901:1 remote-as")),
    "a customer's path unchecked": Mutation(
        "guarded", f"{HUB}/frr.conf", r"filter-list FROM-TN0G1 in", None, (f"{HUB}/frr.conf", r"901:0 activate")
    ),
    "a statement that nothing calls for": Mutation(
        "nothing-else", f"{TN}/frr.conf", r" neighbor (\S+) next-hop-self", r" neighbor \1 default-originate"
    ),
    "a statement that FRR does not know": Mutation(
        "frr-accepts", f"{TN}/frr.conf", r" bgp router-id .*", " bgp rooter-id 10.0.0.1"
    ),
    "a rule that nftables does not know": Mutation(
        "nftables-accepts", f"{TN}/nftables.conf", r"counter drop", "counter drip"
    ),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=getattr(pytest.mark, NEEDS[mutation.proof]) if mutation.proof in NEEDS else ())
        for name, mutation in MUTATIONS.items()
    ],
)
def test_a_file_broken_in_one_way_fails_its_proof_by_file_and_line(name: str) -> None:
    mutation = MUTATIONS[name]
    changed, file, line = mutation.apply(rendered())
    flaws = PROOFS[mutation.proof](read_region(changed)).flaws
    told = [(flaw.file, flaw.line) for flaw in flaws]
    assert flaws
    if name == "slower BFD at one end":
        assert file in {place[0] for place in told}
    else:
        assert (file, line) in told, [str(flaw) for flaw in flaws]


def test_there_is_a_mutation_for_every_proof_but_the_one_that_is_skipped() -> None:
    assert {mutation.proof for mutation in MUTATIONS.values()} == set(PROOFS) - {"keys-known"}


def test_keys_that_are_missing_are_named_and_fail_nothing() -> None:
    results = {result.name: result for result in prove(read_region(render(plan(shipped()))))}
    assert results["keys-known"].verdict is Verdict.SKIP
    assert "gw1" in results["keys-known"].evidence
    assert not [result for result in results.values() if result.verdict in (Verdict.FAIL, Verdict.ABORT)]


def test_a_file_that_cannot_be_read_back_is_named_and_the_other_proofs_abort() -> None:
    changed, file, line = Mutation("", TN_HUB[0], r"Endpoint = .*", "Endpoint = nowhere").apply(rendered())
    results = prove(read_region(changed))
    assert [(flaw.file, flaw.line) for flaw in results[0].flaws] == [(file, line)]
    assert {result.verdict for result in results[1:]} == {Verdict.ABORT}


def test_a_tool_that_is_missing_is_named_and_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    results = {result.name: result for result in prove(read_region(rendered()))}
    assert results["frr-accepts"].verdict is Verdict.SKIP
    assert "apt-get install frr" in results["frr-accepts"].evidence


def test_a_host_whose_files_are_gone_is_missed_by_its_neighbours() -> None:
    files = {path: text for path, text in rendered().items() if not path.startswith(f"{HUB}/")}
    result = {r.name: r for r in prove(read_region(files))}["symmetric"]
    assert TN_HUB[0] in {flaw.file for flaw in result.flaws}


def test_files_on_a_disk_are_proven_the_same(tmp_path: Path) -> None:
    for path, text in rendered().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    on_disk, in_memory = prove(read_dir(tmp_path)), prove(read_region(rendered()))
    assert [replace(result, flaws=()) for result in on_disk] == [replace(result, flaws=()) for result in in_memory]


def test_a_folder_without_rendered_files_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no rendered files"):
        read_dir(tmp_path)
