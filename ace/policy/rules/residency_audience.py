"""residency-audience: a service is offered only where its data may go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import service_location, service_subject
from ace.policy.values import PolicyFinding
from ace.spec.values import Member, ResidencyMode, ResidencyRule, Service, Spec

ANYWHERE = frozenset({ResidencyMode.UNRESTRICTED, ResidencyMode.IN_COUNTRY_COPY})
"""Modes under which data may be used from abroad: a copy that must stay in the country is where its tenant is."""


def residency_audience(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A service may be offered to a country only if every class of data that it holds may be transferred there.

    Use from abroad is read as a transfer. `unrestricted`: anywhere. `in_country_copy`: anywhere, for a member's tenants
    are on its own data centres, so the copy that must stay is there. `conditional`: to the countries that the rule's
    `transfers_to` names, each with the basis recorded beside it. `in_country_only` and `unknown`: nowhere.

    To satisfy it, offer the service to fewer, or record the transfer with its basis under `residency:`.
    """
    return tuple(
        _finding(member, service, rule, abroad)
        for member in spec.members
        for service in member.services
        for rule in member.residency
        if rule.data_class in service.data_classes
        for abroad in _not_allowed(member, service, rule)
    )


def _not_allowed(member: Member, service: Service, rule: ResidencyRule) -> Iterator[str]:
    """The audiences of the service that the rule does not cover, as one text."""
    if rule.mode in ANYWHERE:
        return
    allowed = {member.code, *(rule.transfers_to if rule.mode is ResidencyMode.CONDITIONAL else ())}
    if abroad := [audience for audience in service.offered_to if audience not in allowed]:
        yield ", ".join(abroad)


def _finding(member: Member, service: Service, rule: ResidencyRule, abroad: str) -> PolicyFinding:
    where = f"only to {', '.join(rule.transfers_to)}" if rule.transfers_to else "nowhere"
    return PolicyFinding(
        rule="residency-audience",
        severity=Severity.ERROR,
        member=member.stack,
        subject=service_subject(service),
        fact=f"service {service.id} is offered to {abroad}, but {rule.data_class} data of {member.code} may go {where} "
        f"({rule.mode})",
        remedy=f"offer it to {', '.join((member.code, *rule.transfers_to))}, or record the transfer and its basis under "
        f"`residency: {rule.data_class}:`",
        location=service_location(member, service) / "offered_to",
    )


RESIDENCY_AUDIENCE = Rule(
    id="residency-audience",
    title="A service is offered only to countries where all of its data may go.",
    owner=Owner.COUNTRY,
    severity=Severity.ERROR,
    source="the member's own law, quoted as `basis` under `residency:` (e.g. Zambia DPA 2021 s. 70, Egypt 151/2020 "
    "arts 14-15, Kenya regulation 26); to be confirmed by counsel",
    check=residency_audience,
)
