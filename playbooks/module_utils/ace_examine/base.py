"""Every host: who gets in, what is dropped, whether it keeps itself up to date, and whether names are resolved."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.ace_examine.values import Check, answered, ask, asked, checked, dig, skipped, together, until

SSHD = {
    "permitrootlogin": "no",
    "passwordauthentication": "no",
    "kbdinteractiveauthentication": "no",
    "authenticationmethods": "publickey",
    "x11forwarding": "no",
    "maxauthtries": "3",
}


def checks(given: dict[str, Any]) -> list[Check]:
    """Given: `name` to resolve, and whether the host is `outside` (a hub: the country's resolvers are out of reach).

    `data`: where its data volume is mounted; empty, it has none.
    """
    return together(
        [
            asked("base.ssh", _ssh),
            asked("base.firewall", _firewall),
            asked("base.updates", _updates),
            until("base.units", _units),
            asked("base.data", lambda: _data(given)),
            until("base.names", lambda: _names(given)),
        ]
    )


def _ssh() -> Check:
    output = answered(ask("sshd", "-T"), "sshd -T")
    now = dict(line.split(" ", 1) for line in output.splitlines() if " " in line)
    wrong = [f"{name} is {now.get(name)}" for name, desired in SSHD.items() if now.get(name) != desired]
    return checked("base.ssh", not wrong, ", ".join(wrong) or "keys only, root not at all")


def _firewall() -> Check:
    output = answered(ask("nft", "list", "table", "inet", "ace"), "nft list table inet ace")
    chains = {"input": False, "forward": False}
    for line in output.splitlines():
        for name in chains:
            if f"hook {name} " in line:
                chains[name] = "policy drop" in line
    open_ones = [name for name, drops in chains.items() if not drops]
    return checked(
        "base.firewall",
        not open_ones,
        f"no default drop: {open_ones}" if open_ones else "input and forward drop by default",
    )


def _updates() -> Check:
    timer = ask("systemctl", "is-active", "apt-daily-upgrade.timer").out.strip() or "unknown"
    setting = answered(ask("apt-config", "dump", "APT::Periodic::Unattended-Upgrade"), "apt-config dump")
    on = '"1"' in setting
    return checked(
        "base.updates", timer == "active" and on, f"timer {timer}, unattended upgrades {'on' if on else 'off'}"
    )


def _units() -> Check:
    output = answered(
        ask("systemctl", "list-units", "--failed", "--plain", "--no-legend"), "systemctl list-units --failed"
    )
    failed = [line.split()[0] for line in output.splitlines() if line.strip()]
    return checked("base.units", not failed, f"failed: {', '.join(failed)}" if failed else "none has failed")


def _data(given: dict[str, Any]) -> Check:
    if not given.get("data"):
        return skipped("base.data", "the host has no data volume")
    held = ask("/usr/local/lib/ace/data-volume", "--verify")
    free = ask("df", "--human-readable", "--output=source,avail", given["data"]).out.splitlines()[1:]
    return checked("base.data", held.status == 0, held.out or held.err or f"{given['data']}: {' '.join(free)} free")


def _names(given: dict[str, Any]) -> Check:
    name = given.get("name")
    if not name or given.get("outside"):
        return skipped("base.names", "a hub asks its cloud's resolver" if name else "the country runs no dns")
    answer = dig(name, "A")
    good = answer.status == "NOERROR" and "ad" in answer.flags and bool(answer.of_type("A"))
    return checked(
        "base.names", good, f"{name}: {answer.status or 'no answer'}, flags {' '.join(sorted(answer.flags))}"
    )
