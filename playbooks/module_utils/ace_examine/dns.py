"""Names: the country's zone, its signatures, who else holds it, and what the resolver believes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ansible.module_utils.ace_examine.values import (
    Answer,
    Check,
    checked,
    dig,
    skipped,
    together,
    transferred,
    until,
)

INTERCONNECT = "does not answer: is the interconnect up?"


def checks(given: dict[str, Any]) -> list[Check]:
    """Given: `domain` (the apex), `country`, `address` (own), `name` (a host's), and three kinds of countries.

    `secondaries`, `held` and `abroad`, each country -> addresses of its name servers: who takes the zone from here, from
    whom zones are taken, and all whose keys are known. The own country is in the first two with its other name servers.
    """
    domain, address = str(given["domain"]), str(given["address"])
    zone = f"{given['country']}.{domain}"

    def of(kind: str) -> list[tuple[str, list[str]]]:
        found: Mapping[str, Sequence[str]] = given.get(kind) or {}
        return sorted((who, list(where)) for who, where in found.items())

    return together(
        [
            until("dns.signed", lambda: _signed(zone, address)),
            until("dns.catalog", lambda: _catalog(zone, address)),
            until("dns.closed", lambda: _closed(address)),
            until("dns.validates", lambda: _validates(str(given["name"]))),
            *(
                until(f"dns.secondary.{who}", partial(_secondary, zone, address, who, at))
                for who, at in of("secondaries")
            ),
            *(until(f"dns.held.{who}", partial(_held, who, f"{who}.{domain}", address, at)) for who, at in of("held")),
            *(until(f"dns.abroad.{who}", partial(_abroad, who, f"{who}.{domain}", at)) for who, at in of("abroad")),
        ]
    )


def _is_signed(answer: Answer) -> bool:
    return (
        answer.status == "NOERROR"
        and "aa" in answer.flags
        and bool(answer.of_type("SOA"))
        and bool(answer.of_type("RRSIG"))
    )


def _shown(answer: Answer) -> str:
    kinds = " ".join(record[3] for record in answer.records if len(record) > 3)
    return f"{answer.status or 'no answer'}, flags {' '.join(sorted(answer.flags))}, {kinds or 'nothing'}"


def _serial(answer: Answer) -> int:
    """The serial of a zone; 0 where the answer has none."""
    return next((int(record[6]) for record in answer.of_type("SOA") if len(record) > 6), 0)


def _heard(zone: str, servers: Sequence[str]) -> dict[str, Answer]:
    """What those name servers answer about a zone; who does not reply is left out."""
    answers = {server: dig(zone, "SOA", server, "+norecurse") for server in servers}
    return {server: answer for server, answer in answers.items() if answer.status}


def _silent(servers: Sequence[str], heard: Mapping[str, Answer]) -> str:
    """A word on those that did not reply, for evidence."""
    missing = [server for server in servers if server not in heard]
    return f"; no reply from {', '.join(missing)}" if missing else ""


def _signed(zone: str, address: str) -> Check:
    answer = dig(zone, "SOA", address, "+norecurse")
    return checked("dns.signed", _is_signed(answer), f"{zone}: {_shown(answer)}")


def _catalog(zone: str, address: str) -> Check:
    """Every host of the country hands the catalog over, the first one and those that stand in for it."""
    members = [record[4] for record in transferred(f"catalog.{zone}", address, address) if record[3] == "PTR"]
    return checked("dns.catalog", f"{zone}." in members, f"catalog.{zone} lists {' '.join(members) or 'nothing'}")


def _closed(address: str) -> Check:
    answer = dig("www.example.com", "A", address)
    good = answer.status == "REFUSED" and "ra" not in answer.flags
    return checked("dns.closed", good, f"a stranger's question: {_shown(answer)}")


def _validates(name: str) -> Check:
    answer = dig(name, "A", "127.0.0.1")
    good = answer.status == "NOERROR" and "ad" in answer.flags
    return checked("dns.validates", good, f"{name}: {_shown(answer)}")


def _secondary(zone: str, address: str, country: str, servers: Sequence[str]) -> Check:
    """Who takes the zone from here has it as it is here."""
    check_id = f"dns.secondary.{country}"
    heard = _heard(zone, servers)
    if not heard:
        return skipped(check_id, f"{', '.join(servers)} {INTERCONNECT}")
    here = _serial(dig(zone, "SOA", address, "+norecurse"))
    good = all(_is_signed(there) and _serial(there) == here for there in heard.values())
    evidence = ", ".join(f"{server} has serial {_serial(there) or _shown(there)}" for server, there in heard.items())
    return checked(check_id, good, f"{evidence}, here it is {here}{_silent(servers, heard)}")


def _held(country: str, zone: str, address: str, masters: Sequence[str]) -> Check:
    """A zone that is taken from others is as it is there, and each of them that replies hands it over to this host."""
    check_id = f"dns.held.{country}"
    heard = _heard(zone, masters)
    if not heard:
        return skipped(check_id, f"{', '.join(masters)} {INTERCONNECT}")
    signed = {server: _serial(there) for server, there in heard.items() if _is_signed(there)}
    if not signed:
        return skipped(check_id, "; ".join(f"{server}: {_shown(there)}" for server, there in heard.items()))
    here = dig(zone, "SOA", address, "+norecurse")
    good = _is_signed(here) and _serial(here) == max(signed.values()) and len(signed) == len(heard)
    evidence = ", ".join(f"{server}: {signed.get(server) or _shown(there)}" for server, there in heard.items())
    if good:
        for server in heard:
            for handed in (f"catalog.{zone}", zone):
                transferred(handed, server, address)
    evidence = f"here: serial {_serial(here) or _shown(here)}; {evidence}{_silent(masters, heard)}"
    return checked(check_id, good, evidence + ("; handed over by each that replied" if good else ""))


def _abroad(country: str, zone: str, servers: Sequence[str]) -> Check:
    """Another country's zone, asked from here: a server of its answers with signatures, and our resolver believes them."""
    check_id = f"dns.abroad.{country}"
    heard = _heard(zone, servers)
    if not heard:
        return skipped(check_id, f"{', '.join(servers)} {INTERCONNECT}")
    validated = dig(zone, "SOA", "127.0.0.1")
    signed = any(_is_signed(there) for there in heard.values())
    good = signed and validated.status == "NOERROR" and "ad" in validated.flags
    evidence = ", ".join(f"{server}: {_shown(there)}" for server, there in heard.items())
    return checked(check_id, good, f"{evidence}; our resolver: {_shown(validated)}{_silent(servers, heard)}")
