"""`examine`: good answers pass, bad ones fail, what cannot be asked is skipped with the reason."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from ansible.module_utils.ace_examine import base, dns, gateway, monitoring, time, values
from ansible.module_utils.ace_examine.values import (
    Check,
    NoAnswerError,
    Output,
    asked,
    checked,
    parsed,
    transferred,
    until,
)

SIGNED = """;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1
;; flags: qr aa; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1

;; ANSWER SECTION:
tn.ace.example.\t3600\tIN\tSOA\tsvc1. hostmaster. 42 3600 600 1209600 300
tn.ace.example.\t3600\tIN\tRRSIG\tSOA 13 3 3600 20261216022906 20261125005906 22972 tn.ace.example. abc=

;; Query time: 0 msec
"""
REFUSED = ";; ->>HEADER<<- opcode: QUERY, status: REFUSED, id: 1\n;; flags: qr rd; QUERY: 1, ANSWER: 0\n"


def saying(monkeypatch: pytest.MonkeyPatch, module: Any, answers: Mapping[str, Output]) -> None:
    """Let commands that begin so be answered so."""

    def ask(*command: str, limit_s: float = 20) -> Output:
        words = " ".join(command)
        return next(
            (said for start, said in answers.items() if words.startswith(start)), Output(127, "", "not installed")
        )

    monkeypatch.setattr(module, "ask", ask)


def verdict_of(question: Callable[[], Check]) -> str:
    """Of a question that is asked once."""
    return asked("asked", question, 0)().verdict


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
    check = dns._abroad("eg", "eg.ace.example", ["10.1.0.1", "10.1.0.2"])
    assert (check.id, check.verdict) == ("dns.abroad.eg", "SKIP")
    assert "interconnect" in check.evidence


SSHD = "".join(f"{name} {value}\n" for name, value in base.SSHD.items())


@pytest.mark.parametrize(
    ("said", "verdict"),
    [(SSHD, "PASS"), (SSHD.replace("permitrootlogin no", "permitrootlogin yes"), "FAIL"), ("", "FAIL")],
)
def test_sshd_s_effective_settings_are_checked(monkeypatch: pytest.MonkeyPatch, said: str, verdict: str) -> None:
    saying(monkeypatch, base, {"sshd -T": Output(0, said, "")})
    assert verdict_of(base._ssh) == verdict


@pytest.mark.parametrize(("policy", "verdict"), [("drop", "PASS"), ("accept", "FAIL")])
def test_a_firewall_without_default_drop_fails(monkeypatch: pytest.MonkeyPatch, policy: str, verdict: str) -> None:
    chains = (
        "type filter hook input priority filter; policy drop;",
        f"type filter hook forward priority filter; policy {policy};",
    )
    rules = "\n".join(chains)
    saying(monkeypatch, base, {"nft list": Output(0, rules, "")})
    assert verdict_of(base._firewall) == verdict
    saying(monkeypatch, base, {})
    assert verdict_of(base._firewall) == "FAIL"


def test_time_without_nts_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    saying(monkeypatch, time, {"chronyc -c -n authdata": Output(0, "10.0.0.1,NTS,1,15,256,13,0,0,8,100\n", "")})
    assert time._authenticated({}).verdict == "PASS"
    saying(monkeypatch, time, {"chronyc -c -n authdata": Output(0, "10.0.0.1,-,0,0,0,,0,0,0,0\n", "")})
    assert time._authenticated({}).verdict == "FAIL"


def test_a_gateway_with_a_daemon_down_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(f"  {name:20} Up\n" for name in ("zebra", "bgpd", "bfdd", "staticd"))
    saying(monkeypatch, gateway, {"vtysh": Output(0, lines, "")})
    assert gateway._daemons().verdict == "PASS"
    saying(
        monkeypatch,
        gateway,
        {"vtysh": Output(0, lines.replace("bgpd                 Up", "bgpd                 Down"), "")},
    )
    assert gateway._daemons().verdict == "FAIL"
    saying(monkeypatch, gateway, {})
    assert verdict_of(gateway._daemons) == "FAIL"


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


# ------------------------------------------------------------------------------------------ a tool that fails is no answer

GIVEN: dict[str, dict[str, Any]] = {
    "base": {"name": "svc1.tunis-1.tn.ace.example", "data": "/srv"},
    "gateway": {"loopbacks": ["10.113.64.1"], "vip4": "10.113.65.1", "vip6": "fd92::1"},
    "time": {"address": "10.113.68.11", "outside": True},
    "dns": {
        "domain": "ace.example",
        "country": "tn",
        "address": "10.113.68.11",
        "name": "svc1.tunis-1.tn.ace.example",
        **{key: {"eg": ["10.115.36.11"]} for key in ("secondaries", "held", "abroad")},
    },
    "monitoring": {"address": "10.113.68.11", "groups": ["dns"], "look_only": True},
}
ASKS_NO_TOOL = {"monitoring.closed", "monitoring.alert"}
ROLES = {"base": base, "dns": dns, "gateway": gateway, "monitoring": monitoring, "time": time}


def it_takes_too_long(command: Any, **_: Any) -> Any:
    raise subprocess.TimeoutExpired(command, 20)


def it_fails(command: Any, **_: Any) -> Any:
    return subprocess.CompletedProcess(command, 1, "", "it failed")


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("failure", [it_takes_too_long, it_fails])
def test_nothing_passes_or_is_left_out_when_the_tool_that_asks_fails(
    monkeypatch: pytest.MonkeyPatch, role: str, failure: Callable[..., Any]
) -> None:
    def no_service(*_: Any, **__: Any) -> Any:
        raise OSError("connection refused")

    monkeypatch.setattr(values.subprocess, "run", failure)
    monkeypatch.setattr(values.urllib.request, "urlopen", no_service)
    monkeypatch.setattr(values, "PATIENCE_S", 0, raising=False)
    found = {check.id: check for check in ROLES[role].checks(GIVEN[role]) if check.id not in ASKS_NO_TOOL}
    assert found
    assert {check_id: check for check_id, check in found.items() if check.verdict != "FAIL"} == {}


CATALOG = """catalog.tn.ace.example. 0 IN SOA invalid. invalid. 1796047600 3600 600 2147483646 0
version.catalog.tn.ace.example. 0 IN TXT "2"
0a41f2bf38f5245d.zones.catalog.tn.ace.example. 0 IN PTR tn.ace.example.
catalog.tn.ace.example. 0 IN SOA invalid. invalid. 1796047600 3600 600 2147483646 0
"""


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (Output(0, CATALOG, ""), "PASS"),
        (Output(0, "; Transfer failed.\n", ""), "FAIL"),  # dig's exit status is 0 all the same
        (Output(0, "".join(CATALOG.splitlines(keepends=True)[:3]) + "; Transfer failed.\n", ""), "FAIL"),
        (Output(0, CATALOG.replace("PTR tn.", "PTR eg."), ""), "FAIL"),
        (Output(9, "", ""), "FAIL"),
        (Output(124, "", "dig gave no answer in 30 s"), "FAIL"),
        (Output(0, "", ""), "FAIL"),
    ],
)
def test_a_catalog_is_handed_over_whole_or_the_check_fails(
    monkeypatch: pytest.MonkeyPatch, said: Output, verdict: str
) -> None:
    saying(monkeypatch, values, {"dig +noall +answer": said})
    assert verdict_of(lambda: dns._catalog("tn.ace.example", "10.113.68.11")) == verdict


def test_a_refused_transfer_says_who_refused_what_to_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    saying(monkeypatch, values, {"dig": Output(0, "; <<>> DiG 9.18 <<>> AXFR\n; Transfer failed.\n", "")})
    with pytest.raises(NoAnswerError) as refused:
        transferred("catalog.tn.ace.example", "10.113.68.11", "10.89.68.11")
    assert str(refused.value) == (
        "10.113.68.11 does not hand over catalog.tn.ace.example to 10.89.68.11: Transfer failed."
    )


@pytest.mark.parametrize(
    ("silent", "refuses", "verdict"),
    [
        (set(), set(), "PASS"),
        ({"10.0.0.1"}, set(), "PASS"),  # the fallback does
        ({"10.0.0.1", "10.0.0.2"}, set(), "SKIP"),
        (set(), {"10.0.0.2"}, "FAIL"),
    ],
)
def test_a_zone_that_is_held_for_another_country_must_be_had_from_each_of_its_name_servers(
    monkeypatch: pytest.MonkeyPatch, silent: set[str], refuses: set[str], verdict: str
) -> None:
    def dig(name: str, kind: str, server: str, *_: str) -> Any:
        return parsed("" if server in silent else SIGNED)

    def transferred(zone: str, server: str, source: str) -> Any:
        if server in refuses:
            raise NoAnswerError("Transfer failed.")
        return ()

    monkeypatch.setattr(dns, "dig", dig)
    monkeypatch.setattr(dns, "transferred", transferred)
    masters = ["10.0.0.1", "10.0.0.2"]
    assert verdict_of(lambda: dns._held("tn", "tn.ace.example", "10.0.1.1", masters)) == verdict


def test_what_comes_late_is_waited_for_and_the_wait_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"now": 100.0}
    monkeypatch.setattr(values.time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(values.time, "sleep", lambda s: clock.update(now=clock["now"] + s))

    def from_120(name: str) -> Callable[[], Check]:
        return lambda: checked(name, clock["now"] >= 120, "it is there" if clock["now"] >= 120 else "it is not there")

    came = until("a.b", from_120("a.b"))()
    assert (came.verdict, came.evidence[:8], came.evidence[-11:]) == (
        "PASS",
        "after 2" + came.evidence[7],
        "it is there",
    )
    assert until("a.b", from_120("a.b"))().evidence == "it is there"
    clock["now"] = 0.0
    missed = until("a.b", from_120("a.b"), 60)()
    assert missed.verdict == "FAIL"
    assert missed.evidence.startswith("still after 6")
