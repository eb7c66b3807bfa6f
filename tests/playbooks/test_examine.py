"""`examine`: good answers pass, bad ones fail, what cannot be asked is skipped with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.ace_examine import base, dns, gateway, monitoring, time
from ansible.module_utils.ace_examine.values import Said, parsed

SIGNED = """;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1
;; flags: qr aa; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1

;; ANSWER SECTION:
tn.ace.example.\t3600\tIN\tSOA\tsvc1. hostmaster. 42 3600 600 1209600 300
tn.ace.example.\t3600\tIN\tRRSIG\tSOA 13 3 3600 20261216022906 20261125005906 22972 tn.ace.example. abc=

;; Query time: 0 msec
"""
REFUSED = ";; ->>HEADER<<- opcode: QUERY, status: REFUSED, id: 1\n;; flags: qr rd; QUERY: 1, ANSWER: 0\n"


def saying(monkeypatch: pytest.MonkeyPatch, module: Any, answers: Mapping[str, Said]) -> None:
    """Let commands that begin so be answered so."""

    def ask(*command: str, limit_s: float = 20) -> Said:
        words = " ".join(command)
        return next(
            (said for start, said in answers.items() if words.startswith(start)), Said(127, "", "not installed")
        )

    monkeypatch.setattr(module, "ask", ask)


def test_an_answer_of_dig_is_taken_apart() -> None:
    answer = parsed(SIGNED)
    assert (answer.status, answer.flags) == ("NOERROR", frozenset({"qr", "aa"}))
    assert [record[3] for record in answer.records] == ["SOA", "RRSIG"]
    assert parsed("").status == ""


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (SIGNED, "PASS"),
        (SIGNED.replace("RRSIG", "TXT"), "FAIL"),
        (SIGNED.replace(" aa", " ra"), "FAIL"),
        (REFUSED, "FAIL"),
        ("", "FAIL"),
    ],
)
def test_a_zone_is_served_only_with_authority_and_signatures(
    monkeypatch: pytest.MonkeyPatch, answer: str, verdict: str
) -> None:
    monkeypatch.setattr(dns, "dig", lambda *_: parsed(answer))
    assert dns._signed("tn.ace.example", "10.0.0.1").verdict == verdict


def test_a_server_that_resolves_for_strangers_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "dig", lambda *_: parsed(REFUSED))
    assert dns._closed("10.0.0.1").verdict == "PASS"
    monkeypatch.setattr(dns, "dig", lambda *_: parsed(SIGNED))
    assert dns._closed("10.0.0.1").verdict == "FAIL"


def test_another_country_that_cannot_be_reached_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "dig", lambda *_: parsed(""))
    check = dns._abroad("eg", "eg.ace.example", "10.1.0.1")
    assert (check.id, check.verdict) == ("dns.abroad.eg", "SKIP")
    assert "interconnect" in check.evidence


SSHD = "".join(f"{name} {value}\n" for name, value in base.SSHD.items())


@pytest.mark.parametrize(
    ("said", "verdict"),
    [(SSHD, "PASS"), (SSHD.replace("permitrootlogin no", "permitrootlogin yes"), "FAIL"), ("", "FAIL")],
)
def test_sshd_s_effective_settings_are_judged(monkeypatch: pytest.MonkeyPatch, said: str, verdict: str) -> None:
    saying(monkeypatch, base, {"sshd -T": Said(0, said, "")})
    assert base._ssh().verdict == verdict


@pytest.mark.parametrize(("policy", "verdict"), [("drop", "PASS"), ("accept", "FAIL")])
def test_a_firewall_without_default_drop_fails(monkeypatch: pytest.MonkeyPatch, policy: str, verdict: str) -> None:
    chains = (
        "type filter hook input priority filter; policy drop;",
        f"type filter hook forward priority filter; policy {policy};",
    )
    rules = "\n".join(chains)
    saying(monkeypatch, base, {"nft list": Said(0, rules, "")})
    assert base._firewall().verdict == verdict
    saying(monkeypatch, base, {})
    assert base._firewall().verdict == "FAIL"


def test_time_without_nts_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    saying(monkeypatch, time, {"chronyc -c -n authdata": Said(0, "10.0.0.1,NTS,1,15,256,13,0,0,8,100\n", "")})
    assert time._authenticated({}).verdict == "PASS"
    saying(monkeypatch, time, {"chronyc -c -n authdata": Said(0, "10.0.0.1,-,0,0,0,,0,0,0,0\n", "")})
    assert time._authenticated({}).verdict == "FAIL"


def test_a_gateway_with_a_daemon_down_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(f"  {name:20} Up\n" for name in ("zebra", "bgpd", "bfdd", "staticd"))
    saying(monkeypatch, gateway, {"vtysh": Said(0, lines, "")})
    assert gateway._daemons().verdict == "PASS"
    saying(
        monkeypatch,
        gateway,
        {"vtysh": Said(0, lines.replace("bgpd                 Up", "bgpd                 Down"), "")},
    )
    assert gateway._daemons().verdict == "FAIL"
    saying(monkeypatch, gateway, {})
    assert gateway._daemons().verdict == "FAIL"


def series(*metrics: dict[str, str]) -> dict[str, Any]:
    return {"data": {"result": [{"metric": metric} for metric in metrics]}}


OURS = [{"__name__": f"ace:figure_{n}:ratio"} for n in range(9)]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (series(*OURS, {"__name__": "up", "instance": "127.0.0.1:9090"}), "PASS"),
        (series(*OURS, {"__name__": "node_load1"}), "FAIL"),
        (series(*OURS, {"__name__": "ace:x:ratio", "host": "gw1.tunis-1.tn"}), "FAIL"),
        (series(*OURS[:3]), "FAIL"),
        (None, "FAIL"),
    ],
)
def test_whatever_is_no_aggregate_must_not_be_had_from_outside(
    monkeypatch: pytest.MonkeyPatch, found: Any, verdict: str
) -> None:
    monkeypatch.setattr(monitoring, "fetch", lambda url: found)
    assert monitoring._aggregates().verdict == verdict


def test_targets_that_are_down_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    target = {"scrapePool": "node", "labels": {"host": "gw1.tunis-1.tn"}, "scrapeUrl": "", "health": "down"}
    monkeypatch.setattr(
        monitoring, "fetch", lambda url: {"data": {"activeTargets": [target]}} if "targets" in url else series()
    )
    check = monitoring._targets()
    assert (check.verdict, check.evidence) == ("FAIL", "node gw1.tunis-1.tn: down")
