"""Check register.yaml within itself, and that it and the members' files name the same countries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from ace.errors import Finding
from ace.spec.checks.cursor import Cursor
from ace.spec.checks.facts import Facts, MemberFacts, twice
from ace.spec.iso3166 import COUNTRIES


def check_register(facts: Facts) -> Iterator[Finding]:
    """Findings in register.yaml, and in what the members' files are called."""
    entries = list(facts.register["members"].items)
    yield from twice(((entry["country"].text, entry["country"]) for entry in entries), "country")
    for entry in entries:
        yield from _entry(facts, entry)
    for member in facts.members:
        yield from _file_name(member)
        yield from _in_register(facts, member)
    yield from twice(
        ((member.cursor["country"].text, member.cursor["country"]) for member in facts.members),
        "country",
        " in the region",
    )


def _entry(facts: Facts, entry: Cursor) -> Iterator[Finding]:
    country = COUNTRIES.get(entry["country"].text or "")
    if country is None:
        return
    numeric, since, left = entry["numeric"].number, entry["since"].day, entry["left"].day
    if numeric is not None and numeric != country.numeric:
        message = f"the ISO 3166 numeric code of {country.alpha2} is {country.numeric}, not {numeric}"
        yield entry["numeric"].finding("numeric-code", message)
    if since is not None and left is not None and left < since:
        yield entry["left"].finding("dates", f"{country.alpha2} can not leave on {left}, before it came on {since}")
    member = facts.member(country.alpha2)
    if member is None and not entry["left"]:
        message = (
            f"{country.alpha2} is in the register, but members/{country.alpha2.lower()}.yaml is missing; "
            "bring the file back, or let the country leave with `ace member remove`"
        )
        yield entry["country"].finding("missing-member-file", message)
    status = member.cursor["status"] if member is not None else None
    if member is not None and status and left is not None and status.text not in {None, "left"}:
        message = f"{country.alpha2} has left on {left}, but its file has `status: {status.text}`"
        yield entry["left"].finding("left", message)


def _file_name(member: MemberFacts) -> Iterator[Finding]:
    path = PurePosixPath(member.cursor.file)
    country = member.cursor["country"]
    if country.text in COUNTRIES and path.name != f"{country.text.lower()}.yaml":
        message = f"this file has the country {country.text}, so its name must be {country.text.lower()}.yaml, not {path.name}"
        yield country.finding("file-name", message)


def _in_register(facts: Facts, member: MemberFacts) -> Iterator[Finding]:
    country, status = member.cursor["country"], member.cursor["status"]
    if facts.registered is None or country.text not in COUNTRIES:
        return
    if country.text not in facts.registered:
        message = (
            f"{country.text} has a file but no entry in register.yaml; "
            "entries are never deleted: bring it back, or add the member with `ace member add`"
        )
        yield country.finding("not-in-register", message)
    elif status.text == "left":
        entry = next(entry for entry in facts.register["members"].items if entry["country"].text == country.text)
        if not entry["left"]:
            yield status.finding("left", f"{country.text} has not left: its entry at {entry.place} has no `left:` date")
