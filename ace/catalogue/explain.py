"""Why a record is listed or not: finds the decision that a person means by an id, an address or a bare name."""

from __future__ import annotations

import difflib

from ace.errors import UserError

from .plain import WORDS
from .values import Catalogue, Decision, Kind


def explain(catalogue: Catalogue, record_id: str) -> tuple[Decision, ...]:
    """The decisions that `record_id` names: `tn-e-learning`, `services/tn-e-learning`, `tunis-1`, or the record's address.

    One name may stand for records of several kinds (a data centre and its interconnection); all are given.

    Raises:
        UserError: Nothing of that name is declared; names the nearest.
    """
    path = record_id.strip().removeprefix(f"{catalogue.base_url}id/").strip("/")
    kind, _, slug = path.rpartition("/")
    found = tuple(
        decision
        for decision in catalogue.decisions
        if decision.slug == slug.lower() and kind in {"", str(decision.kind), WORDS[decision.kind]}
    )
    found = found or tuple(
        decision
        for decision in catalogue.decisions
        if decision.kind is Kind.DATA_CENTRE and decision.slug.partition("-")[2] == slug.lower() and not kind
    )
    if found:
        return found
    known = sorted({decision.slug for decision in catalogue.decisions})
    near = difflib.get_close_matches(slug.lower(), known, n=3, cutoff=0.5)
    raise UserError(
        f"{record_id[:80]!r} is the id of no record, listed or withheld",
        hint=f"is {' or '.join(near)} meant?" if near else "`ace catalogue build --format json` prints all ids",
        code="no-such-record",
    )
