"""Monitoring: what is watched, whether an alert gets out, and what others may see."""

from __future__ import annotations

import json
import os
import socket
import time
from typing import Any
from urllib.parse import quote

from ansible.module_utils.ace_examine.values import Check, asked, checked, fetch, skipped, together, until

PROMETHEUS = "http://127.0.0.1:9090"
ALERTMANAGER = "http://127.0.0.1:9093"
AGGREGATES = "http://127.0.0.1:9099"
ALERT_LOG = "/var/log/ace/alerts.log"
TRIAL = "/var/lib/prometheus/node-exporter/ace-trial.prom"
OWN_SERIES = ("up", "scrape_")
TRIAL_WITHIN_S = 300
LEAST_AGGREGATES = 8


def checks(given: dict[str, Any]) -> list[Check]:
    """Given: `address`, the host's own; `groups` of rules that there must be; `look_only`, to fire no alert."""
    look_only = bool(given.get("look_only"))
    return together(
        [
            until("monitoring.targets", _targets),
            until("monitoring.rules", lambda: _rules(given.get("groups", []))),
            until("monitoring.configuration", _configuration),
            until("monitoring.aggregates", _aggregates),
            asked("monitoring.closed", lambda: _closed(str(given["address"]))),
            lambda: skipped("monitoring.alert", "no alert is fired in check mode") if look_only else _alert(),
        ]
    )


def _targets() -> Check:
    found = fetch(f"{PROMETHEUS}/api/v1/targets?state=active")
    targets = found["data"]["activeTargets"]
    down = [
        f"{target['scrapePool']} {target['labels'].get('host', target['scrapeUrl'])}: {target['health']}"
        for target in targets
        if target["health"] != "up"
    ]
    failed = fetch(f"{PROMETHEUS}/api/v1/query?query={quote('probe_success == 0')}")
    down += [
        f"probe {one['metric'].get('job')} of {one['metric'].get('host')} fails" for one in failed["data"]["result"]
    ]
    evidence = f"{len(targets)} targets are up" if targets else "Prometheus has no targets"
    return checked("monitoring.targets", bool(targets) and not down, "; ".join(down) or evidence)


def _rules(desired: list[str]) -> Check:
    found = fetch(f"{PROMETHEUS}/api/v1/rules")
    groups = {group["name"]: group["rules"] for group in found["data"]["groups"]}
    missing = sorted(set(desired) - set(groups))
    bad = [rule["name"] for rules in groups.values() for rule in rules if rule["health"] == "err"]
    unknown = [rule["name"] for rules in groups.values() for rule in rules if rule["health"] == "unknown"]
    good = bool(groups) and not missing and not bad and not unknown
    count = sum(map(len, groups.values()))
    return checked(
        "monitoring.rules",
        good,
        f"missing {missing}, failing {bad}, not tried yet {unknown}" if not good else f"{count} rules are evaluated",
    )


def _configuration() -> Check:
    names = ("prometheus_config_last_reload_successful", "alertmanager_config_last_reload_successful")
    values = {}
    for name in names:
        found = fetch(f"{PROMETHEUS}/api/v1/query?query={name}")
        values[name] = found["data"]["result"][0]["value"][1] if found["data"]["result"] else "unknown"
    return checked("monitoring.configuration", set(values.values()) == {"1"}, str(values))


def _aggregates() -> Check:
    found = fetch(f"{AGGREGATES}/api/v1/query?query={quote('{__name__=~' + chr(34) + '.+' + chr(34) + '}')}")
    series = [one["metric"] for one in found["data"]["result"]]
    ours = [one for one in series if one["__name__"].startswith("ace:")]
    others = sorted({one["__name__"] for one in series if not one["__name__"].startswith(("ace:", *OWN_SERIES))})
    telling = sorted({one["__name__"] for one in ours if {"host", "instance"} & set(one)})
    good = len(ours) >= LEAST_AGGREGATES and not others and not telling
    if good:
        return checked("monitoring.aggregates", True, f"{len(ours)} series, all of them aggregates")
    return checked(
        "monitoring.aggregates", False, f"{len(ours)} aggregates; not for others: {others}; name hosts: {telling}"
    )


def _closed(address: str) -> Check:
    open_ports = []
    for port in (9090, 9093, 9115):
        with socket.socket() as tried:
            tried.settimeout(2)
            if tried.connect_ex((address, port)) == 0:
                open_ports.append(port)
    return checked(
        "monitoring.closed",
        not open_ports,
        f"open at {address}: {open_ports}" if open_ports else "asked on the host only",
    )


def _alert() -> Check:
    """Make an alert fire, the whole way: metric, rule, Alertmanager, log; then let it clear."""
    began = time.monotonic()
    start = os.path.getsize(ALERT_LOG) if os.path.exists(ALERT_LOG) else 0
    try:
        with open(TRIAL + ".new", "w", encoding="ascii") as file:
            file.write("# HELP ace_alert_trial Made by a trial.\n# TYPE ace_alert_trial gauge\nace_alert_trial 1\n")
        os.chmod(TRIAL + ".new", 0o644)
        os.rename(TRIAL + ".new", TRIAL)
        fired = until("monitoring.alert", lambda: _logged(start, "firing"), TRIAL_WITHIN_S)()
    finally:
        if os.path.exists(TRIAL):
            os.unlink(TRIAL)
    if fired.verdict != "PASS":
        return fired
    after = time.monotonic()
    cleared = until("monitoring.alert", lambda: _logged(start, "resolved"), TRIAL_WITHIN_S)()
    if cleared.verdict != "PASS":
        return cleared
    return checked(
        "monitoring.alert",
        True,
        f"fired and logged after {after - began:.0f} s, cleared after {time.monotonic() - after:.0f} s",
    )


def _logged(start: int, status: str) -> Check:
    entries = []
    if os.path.exists(ALERT_LOG):
        with open(ALERT_LOG, encoding="utf-8", errors="replace") as log:
            if os.path.getsize(ALERT_LOG) >= start:
                log.seek(start)
            entries = [
                line for line in log if line.startswith("{") and line.endswith("\n")
            ]  # the last may be half written
    good = any(entry["alert"] == "Trial" and entry["status"] == status for entry in map(json.loads, entries))
    return checked("monitoring.alert", good, f"the trial alert is not logged as {status}")
