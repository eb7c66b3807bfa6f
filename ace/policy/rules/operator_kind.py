"""operator-kind: some classes of data are held by some kinds of operator only."""

from __future__ import annotations

from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import tenant_location, tenant_subject, with_tenant
from ace.policy.values import PolicyFinding
from ace.spec.values import Spec


def operator_kind(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A class of data that ecosystem.yaml's `operator_kinds:` names is held only by data centres of such operators.

    For instance government data by ministries and public bodies. Classes that it does not name may be anywhere.

    To satisfy it, move the tenant to a data centre of another operator; a waiver needs an approver's signature.
    """
    allowed = {rule.data_class: rule.kinds for rule in spec.region.operator_kinds}
    return tuple(
        PolicyFinding(
            rule="operator-kind",
            severity=Severity.ERROR,
            member=member.stack,
            subject=tenant_subject(member, tenant),
            fact=f"tenant {tenant.name} of {member.code} holds {data_class} data on {tenant.data_centre}, which "
            f"{operator.name} runs, a {operator.kind}",
            remedy=f"place it with one of: {', '.join(allowed[data_class])}",
            location=tenant_location(member, tenant) / "data_centre",
            takes_along=with_tenant(member, tenant),
        )
        for member in spec.members
        for tenant in member.tenants
        for operator in (member.data_centre(tenant.data_centre).operator,)
        for data_class in tenant.data_classes
        if data_class in allowed and operator.kind not in allowed[data_class]
    )


OPERATOR_KIND = Rule(
    id="operator-kind",
    title="Classes of data that the region reserves to kinds of operator are held by such only.",
    owner=Owner.REGION,
    severity=Severity.ERROR,
    source="`operator_kinds:` in ecosystem.yaml (illustrative)",
    check=operator_kind,
)
