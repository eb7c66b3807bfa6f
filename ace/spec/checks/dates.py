"""What has run out, or will soon, as of a date: warnings, for rules elsewhere then fail closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from ace.errors import Finding, Severity
from ace.spec.checks.facts import Facts, MemberFacts
from ace.spec.fields import shown

NOTICE_DAYS: Final = 60
"""How long before the end of a label a warning begins, in days."""


def check_dates(facts: Facts, as_of: date) -> Iterator[Finding]:
    """Warnings about labels and signing keys as of a date."""
    for member in facts.members:
        yield from _labels(member, as_of)
        yield from _signers(member, as_of)


def _labels(member: MemberFacts, as_of: date) -> Iterator[Finding]:
    for data_centre in member.cursor["data_centres"].items:
        for label in data_centre["labels"].items:
            until = label["valid_until"].day
            if until is None:
                continue
            name = shown(label["scheme"].text)
            if until < as_of:
                message = f"label {name} ended on {until}, before {as_of}: it allows nothing any more"
                yield label["valid_until"].finding("label-expired", message, Severity.WARNING)
            elif (until - as_of).days <= NOTICE_DAYS:
                message = f"label {name} ends on {until}, {(until - as_of).days} days after {as_of}; renew it"
                yield label["valid_until"].finding("label-expires", message, Severity.WARNING)


def _signers(member: MemberFacts, as_of: date) -> Iterator[Finding]:
    periods = [(s["from"].day, s["until"].day) for s in member.cursor["signers"].items]
    known = [(since, until) for since, until in periods if since is not None and until is not None]
    if known and len(known) == len(periods) and not any(since <= as_of < until for since, until in known):
        message = f"no key may sign for {member.code} on {as_of}; add one"
        yield member.cursor["signers"].finding("no-signer", message, Severity.WARNING)
