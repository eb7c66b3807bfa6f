"""Builders for rules' tests: the shipped spec with a little changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from ace.policy import judge_spec
from ace.policy.approval import NAMESPACE, suspension_statement, waiver_statement
from ace.policy.values import Judgement
from ace.signatures.ssh import on_one_line, sign
from ace.spec.region import Approver
from ace.spec.values import (
    Approval,
    Contact,
    DataCentre,
    Label,
    Member,
    ResidencyMode,
    Service,
    Spec,
    Suspension,
    Tenant,
    Waiver,
)
from tests.unit.publications import shipped

TODAY = date(2026, 11, 25)


def with_member(country: str, change: Callable[[Member], Member], spec: Spec | None = None) -> Spec:
    spec = spec or shipped()
    return replace(
        spec, members=tuple(change(member) if member.stack == country else member for member in spec.members)
    )


def having(country: str, spec: Spec | None = None, **fields: Any) -> Spec:
    return with_member(country, lambda member: replace(member, **fields), spec)


def with_tenant(country: str, name: str, change: Callable[[Tenant], Tenant], spec: Spec | None = None) -> Spec:
    def of(member: Member) -> Member:
        tenants = (change(tenant) if tenant.name == name else tenant for tenant in member.tenants)
        return replace(member, tenants=tuple(tenants))

    return with_member(country, of, spec)


def with_service(id_: str, **fields: Any) -> Spec:
    def of(member: Member) -> Member:
        def changed(service: Service) -> Service:
            return replace(service, **fields) if service.id == id_ else service

        return replace(member, services=tuple(changed(service) for service in member.services))

    return with_member(id_[:2], of)


def with_centre(country: str, spec: Spec | None = None, **fields: Any) -> Spec:
    def of(member: Member) -> Member:
        def changed(centre: DataCentre) -> DataCentre:
            return replace(centre, **fields)

        return replace(member, data_centres=tuple(changed(centre) for centre in member.data_centres))

    return with_member(country, of, spec)


def with_mode(country: str, data_class: str, mode: ResidencyMode, *transfers_to: str) -> Spec:
    def of(member: Member) -> Member:
        rules = (
            replace(rule, mode=mode, transfers_to=transfers_to) if rule.data_class == data_class else rule
            for rule in member.residency
        )
        return replace(member, residency=tuple(rules))

    return with_member(country, of)


def a_label(scheme: str = "tn-g-cloud", valid_until: date = date(2027, 5, 31), evidence: str | None = None) -> Label:
    return Label(scheme, "G-1", valid_until, evidence or "https://labels.tn.example/g-1")


def a_waiver(
    rule: str = "label-coverage",
    subject: str = "tenant/tn/health",
    until: date = date(2027, 8, 31),
    approval: Approval | None = None,
) -> Waiver:
    return Waiver(rule, subject, Contact("The ministry", "cio@health.tn.example"), "renewal is late", until, approval)


def an_approver(key: str, id_: str = "amina") -> Approver:
    return Approver(id_, "An approver", key, date(2026, 1, 1), date(2029, 1, 1))


def approved(member: Member, waiver: Waiver, key_file: Path, approver: str = "amina") -> Waiver:
    signature = on_one_line(sign(waiver_statement(member, waiver), key_file, NAMESPACE))
    return replace(waiver, approval=Approval(approver, signature))


def a_suspension(country: str, **key_files: Path) -> Suspension:
    since, reason = date(2026, 11, 20), "unpaid dues"
    statement = suspension_statement(country, since, reason)
    approvals = (Approval(name, on_one_line(sign(statement, file, NAMESPACE))) for name, file in key_files.items())
    return Suspension(since, reason, tuple(approvals))


def told(judgement: Judgement) -> list[str]:
    """Each finding as `severity rule subject`."""
    return [f"{finding.severity} {finding.rule} {finding.subject}" for finding in judgement.findings]


def judged(spec: Spec, as_of: date = TODAY) -> list[str]:
    return told(judge_spec(spec, as_of))
