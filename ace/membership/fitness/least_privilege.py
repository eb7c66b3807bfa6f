"""least-privilege: whether the credential may do no more than the country said."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import CredentialFact
from ace.spec.values import CloudAccess


def judge(credentials: tuple[CredentialFact, ...], asked: Asked) -> Judged:
    """PASS: nothing is scoped to the whole system, no credential can make others, `admin` only where the spec says so."""
    for one in credentials:
        if one.scope == "system":
            return failed(
                f"{one.entry}: the credential is scoped to the whole system",
                "scope it to ACE's own project (or domain)",
            )
        if one.unrestricted:
            return failed(
                f"{one.entry}: the application credential is unrestricted: it can make further credentials",
                "make a new one without --unrestricted, and delete this one",
            )
        if asked.access is CloudAccess.DOMAIN_MANAGER and "admin" in one.roles:
            return failed(
                f"{one.entry}: has the role admin, and the member file has `access: domain_manager`",
                "take admin away: `openstack role remove … admin`; domain managers need manager and member only",
            )
    said = "admin, as in the member file" if asked.access is CloudAccess.ADMIN else "no administrator's role"
    return passed(f"{said}; scoped to {', '.join(one.scope for one in credentials)}")


TEST = FitnessTest(
    "least-privilege", "The credential has only the access that the country declared", lambda c: c.credentials, judge
)
