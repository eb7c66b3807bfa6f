"""Gateways and hubs: keys, routing daemons, forwarding, and who holds the shared address."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.ace_examine.values import Check, NoAnswerError, answered, ask, asked, checked, together, until

PRIVATE_KEY = "/etc/wireguard/private.key"
PUBLIC_KEY = "/etc/wireguard/public.key"


def checks(given: dict[str, Any]) -> list[Check]:
    """Given: `loopbacks`; `vip4` and `vip6` where the gateway shares an address with others."""
    questions = [
        asked("gateway.key", _key),
        until("gateway.frr", _daemons),
        asked("gateway.forwarding", _forwarding),
        until("gateway.loopbacks", lambda: _loopbacks(given.get("loopbacks", []))),
    ]
    if given.get("vip4"):
        questions.append(until("gateway.families", lambda: _families(str(given["vip4"]), str(given["vip6"]))))
    return together(questions)


def holds(address: str) -> bool:
    """Whether an interface of this host has that address.

    Raises:
        NoAnswerError: The kernel cannot be asked.
    """
    output = answered(ask("ip", "-oneline", "address", "show", "to", address), f"ip address show to {address}")
    return bool(output.strip())


def settled(address: str) -> bool:
    """Whether this gateway holds the shared address, once one of the gateways does: somebody answers at it."""

    def held() -> Check:
        there = holds(address) or ask("ping", "-n", "-c", "1", "-W", "1", address).status == 0
        return checked("gateway.shared-address", there, f"no answer from {address}")

    until("gateway.shared-address", held)()
    try:
        return holds(address)
    except NoAnswerError:
        return False


def _key() -> Check:
    try:
        found = os.stat(PRIVATE_KEY)
        with open(PUBLIC_KEY, encoding="ascii") as file:
            public = file.read().strip()
    except OSError as error:
        return checked("gateway.key", False, str(error))
    mode = found.st_mode & 0o777
    derived = answered(ask("sh", "-c", f"wg pubkey < {PRIVATE_KEY}"), "wg pubkey").strip()
    good = mode == 0o600 and found.st_uid == 0 and derived == public
    return checked(
        "gateway.key",
        good,
        f"mode {mode:04o}, owner {found.st_uid}, public half {'fits' if derived == public else 'does not fit'}",
    )


def _daemons() -> Check:
    output = answered(ask("vtysh", "-c", "show watchfrr"), "vtysh -c 'show watchfrr'")
    down = [
        line.split()[0]
        for line in output.splitlines()
        if line.strip().endswith(("Down", "Init", "Unresponsive", "Connecting"))
    ]
    up = [line.split()[0] for line in output.splitlines() if line.strip().endswith("Up")]
    missing = sorted({"zebra", "bgpd", "bfdd", "staticd"} - set(up))
    return checked(
        "gateway.frr",
        not down and not missing,
        f"not up: {', '.join(down or missing)}" if down or missing else f"{', '.join(up)} are up",
    )


def _forwarding() -> Check:
    values = {
        name: answered(ask("sysctl", "-n", name), f"sysctl {name}").strip()
        for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
    }
    return checked(
        "gateway.forwarding",
        set(values.values()) == {"1"},
        ", ".join(f"{name} = {value}" for name, value in values.items()),
    )


def _loopbacks(desired: list[str]) -> Check:
    missing = [address for address in desired if not holds(address)]
    return checked(
        "gateway.loopbacks", not missing, f"missing: {', '.join(missing)}" if missing else ", ".join(desired)
    )


def _families(vip4: str, vip6: str) -> Check:
    """The two shared addresses go together; that exactly one gateway has them is assessed over all gateways."""
    here = holds(vip4), holds(vip6)
    return checked(
        "gateway.families",
        here[0] == here[1],
        f"{vip4}: {'here' if here[0] else 'not here'}, {vip6}: {'here' if here[1] else 'not here'}",
    )
