"""Names: the country's zone, its signatures, who else holds it, and what the resolver believes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ansible.module_utils.ace_examine.values import Answer, Check, ask, dig, judged, skipped, until

ABROAD_AT_ONCE = 8
INTERCONNECT = "does not answer: is the interconnect up?"


def checks(given: dict[str, Any]) -> list[Check]:
    """Given: `domain` (the apex), `country`, `address` (own), `name` (a host's), and three kinds of countries.

    `secondaries`, `held` and `abroad`, each country -> its first name server: who holds the zone, whose zones are held
    here, and all whose keys are known.
    """
    domain, address = str(given["domain"]), str(given["address"])
    zone = f"{given['country']}.{domain}"
    answers = [
        until(lambda: _signed(zone, address), 30),
        _catalog(zone, address),
        _closed(address),
        until(lambda: _validates(str(given["name"])), 30),
    ]

    def of(kind: str) -> list[tuple[str, str]]:
        return sorted(given.get(kind, {}).items())

    questions: list[Callable[[], Check]] = [
        *(partial(_secondary, zone, address, who, where) for who, where in of("secondaries")),
        *(partial(_held, who, f"{who}.{domain}", address, where) for who, where in of("held")),
        *(partial(_abroad, who, f"{who}.{domain}", where) for who, where in of("abroad")),
    ]
    with ThreadPoolExecutor(ABROAD_AT_ONCE) as pool:  # who is out of reach keeps nobody waiting
        return answers + list(pool.map(lambda question: question(), questions))


def _is_signed(answer: Answer) -> bool:
    return (
        answer.status == "NOERROR"
        and "aa" in answer.flags
        and bool(answer.of_type("SOA"))
        and bool(answer.of_type("RRSIG"))
    )


def _told(answer: Answer) -> str:
    kinds = " ".join(record[3] for record in answer.records if len(record) > 3)
    return f"{answer.status or 'no answer'}, flags {' '.join(sorted(answer.flags))}, {kinds or 'nothing'}"


def _serial(answer: Answer) -> str:
    return next((record[6] for record in answer.of_type("SOA") if len(record) > 6), "")


def _signed(zone: str, address: str) -> Check:
    answer = dig(zone, "SOA", address, "+norecurse")
    return judged("dns.signed", _is_signed(answer), f"{zone}: {_told(answer)}")


def _catalog(zone: str, address: str) -> Check:
    said = ask("dig", "+noall", "+answer", "+time=3", "-b", address, "AXFR", f"catalog.{zone}", f"@{address}")
    members = [line.split()[4] for line in said.out.splitlines() if len(line.split()) > 4 and line.split()[3] == "PTR"]
    if not members and not said.out.strip():  # a secondary of the country may not be asked for it
        answer = dig(f"version.catalog.{zone}", "TXT", address, "+norecurse")
        return judged("dns.catalog", answer.status == "NOERROR", f"catalog.{zone}: {_told(answer)}")
    return judged("dns.catalog", f"{zone}." in members, f"catalog.{zone} lists {' '.join(members) or 'nothing'}")


def _closed(address: str) -> Check:
    answer = dig("www.example.com", "A", address)
    good = answer.status == "REFUSED" and "ra" not in answer.flags
    return judged("dns.closed", good, f"a stranger's question: {_told(answer)}")


def _validates(name: str) -> Check:
    answer = dig(name, "A", "127.0.0.1")
    good = answer.status == "NOERROR" and "ad" in answer.flags
    return judged("dns.validates", good, f"{name}: {_told(answer)}")


def _secondary(zone: str, address: str, country: str, where: str) -> Check:
    check_id = f"dns.secondary.{country}"
    if not dig(zone, "SOA", where, "+norecurse").status:
        return skipped(check_id, f"{where} {INTERCONNECT}")

    def same() -> Check:
        here, there = dig(zone, "SOA", address, "+norecurse"), dig(zone, "SOA", where, "+norecurse")
        good = _is_signed(there) and _serial(there) == _serial(here)
        return judged(
            check_id, good, f"{where} has serial {_serial(there) or _told(there)}, here it is {_serial(here)}"
        )

    return until(same, 30)


def _held(country: str, zone: str, address: str, primary: str) -> Check:
    check_id = f"dns.held.{country}"
    if not dig(zone, "SOA", primary, "+norecurse").status:
        return skipped(check_id, f"its primary {primary} {INTERCONNECT}")

    def same() -> Check:
        here, there = dig(zone, "SOA", address, "+norecurse"), dig(zone, "SOA", primary, "+norecurse")
        if not _is_signed(there):
            return skipped(check_id, f"its primary {primary}: {_told(there)}")
        good = _is_signed(here) and _serial(there) == _serial(here)
        return judged(check_id, good, f"here: serial {_serial(here) or _told(here)}, at {primary}: {_serial(there)}")

    return until(same, 30)


def _abroad(country: str, zone: str, where: str) -> Check:
    """Another country's zone, asked from here: its server answers with signatures, and our resolver believes them."""
    check_id = f"dns.abroad.{country}"
    direct = dig(zone, "SOA", where, "+norecurse")
    if not direct.status:
        return skipped(check_id, f"{where} {INTERCONNECT}")

    def believed() -> Check:
        validated = dig(zone, "SOA", "127.0.0.1")
        good = _is_signed(direct) and validated.status == "NOERROR" and "ad" in validated.flags
        return judged(check_id, good, f"{where}: {_told(direct)}; our resolver: {_told(validated)}")

    return until(believed, 30)
