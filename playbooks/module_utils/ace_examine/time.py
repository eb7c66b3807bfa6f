"""Clocks: whether they follow a source, and whether that source is authenticated (NTS)."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.ace_examine.values import (
    Check,
    NoAnswerError,
    answered,
    ask,
    checked,
    skipped,
    together,
    until,
)

FAR_OFF_S = 1.0


def checks(given: dict[str, Any]) -> list[Check]:
    """Given: `server`, whether the host serves time; `address`, its own; `outside`, whether it is a hub."""
    server = bool(given.get("server"))
    return together(
        [
            until("time.synchronised", lambda: _follows(given)),
            until("time.nts", lambda: _keys(str(given["address"])) if server else _authenticated(given)),
        ]
    )


def _chronyc(report: str) -> list[list[str]]:
    """A report of chronyd, by lines and fields."""
    answer = answered(ask("chronyc", "-c", "-n", report), f"chronyc {report}")
    return [line.split(",") for line in answer.splitlines() if line.strip()]


def _sources() -> dict[str, int]:
    """Address -> reachability register of the sources."""
    return {row[2]: int(row[5], 8) for row in _chronyc("sources") if len(row) > 5}


def _follows(given: dict[str, Any]) -> Check:
    [row] = _chronyc("tracking") or [[]]
    if len(row) < 14:
        raise NoAnswerError(f"chronyd does not report its clock: {','.join(row)}")
    followed, stratum, offset, leap = row[1] or row[0], row[2], abs(float(row[4])), row[13]
    good = leap != "Not synchronised" and offset < FAR_OFF_S
    if not good and given.get("outside") and not any(_sources().values()):
        return skipped("time.synchronised", "the country's time servers are unreachable: is the interconnect up?")
    return checked("time.synchronised", good, f"follows {followed}, stratum {stratum}, off by {offset:.6f} s, {leap}")


def _authenticated(given: dict[str, Any]) -> Check:
    modes = {row[0]: (row[1], int(row[8])) for row in _chronyc("authdata") if len(row) > 8}
    if not modes:
        return checked("time.nts", False, "no time source")
    if given.get("outside") and not any(_sources().values()):
        return skipped("time.nts", "the country's time servers are unreachable: is the interconnect up?")
    wrong = [
        f"{address}: {mode}, {cookies} cookies"
        for address, (mode, cookies) in modes.items()
        if mode != "NTS" or not cookies
    ]
    heard = ", ".join(f"{address}: {mode}" for address, (mode, _) in modes.items())
    return checked("time.nts", not wrong, "; ".join(wrong) or heard)


def _keys(address: str) -> Check:
    answer = ask(
        "openssl", "s_client", "-connect", f"{address}:4460", "-alpn", "ntske/1", "-verify_ip", address,
        "-CAfile", "/etc/chrony/ace-time-ca.pem", "-verify_return_error", "-brief", "-no_ign_eof",
    )  # fmt: skip
    output = answer.out + answer.err
    good = "Verification: OK" in output and "ntske/1" in ask(
        "openssl", "s_client", "-connect", f"{address}:4460", "-alpn", "ntske/1", "-no_ign_eof"
    ).out  # fmt: skip
    return checked("time.nts", good, f"keys at {address}:4460, certificate verified" if good else output)
