"""residency-unknown: data without a known rule may not be placed anywhere."""

from __future__ import annotations

from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import tenant_location, tenant_subject, with_tenant
from ace.policy.values import PolicyFinding
from ace.spec.values import ResidencyMode, Spec


def residency_unknown(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A tenant may hold a class of data only if its country has declared where such data may be kept.

    `unknown`, and a class that `residency:` does not mention, fail closed: no placement, no route, no listing. The
    tenant is refused, and with it the services that run in it and the prefixes that it would announce.

    To satisfy it, state the class's mode and the law that it rests on in the member file: `in_country_only`,
    `in_country_copy`, `conditional` (with `transfers_to`) or `unrestricted`. While counsel is being asked,
    `in_country_only` is always safe to write.
    """
    return tuple(
        PolicyFinding(
            rule="residency-unknown",
            severity=Severity.ERROR,
            member=member.stack,
            subject=tenant_subject(member, tenant),
            fact=f"tenant {tenant.name} of {member.code} holds {rule.data_class} data, and where such data may live is "
            "unknown",
            remedy=f"state a mode and its basis under `residency: {rule.data_class}:`, or take the class from the tenant",
            location=tenant_location(member, tenant) / "data_classes",
            takes_along=with_tenant(member, tenant),
        )
        for member in spec.members
        for tenant in member.tenants
        for rule in member.residency
        if rule.mode is ResidencyMode.UNKNOWN and rule.data_class in tenant.data_classes
    )


RESIDENCY_UNKNOWN = Rule(
    id="residency-unknown",
    title="Data whose country has no known residency rule for it may not be placed in the region.",
    owner=Owner.REGION,
    severity=Severity.ERROR,
    source="docs/architecture.md (principle: fail closed); African Union Convention on Cyber Security and Personal Data "
    "Protection (Malabo, 2014), article 14.6",
    check=residency_unknown,
)
