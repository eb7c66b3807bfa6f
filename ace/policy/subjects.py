"""Things that rules speak of, where they stand in the spec, and what can not be without them."""

from __future__ import annotations

from ace.policy.values import Kind, Subject
from ace.spec.location import Item, SpecLocation
from ace.spec.values import DataCentre, Label, Member, Service, Tenant


def member_subject(member: Member) -> Subject:
    """`member/tn`."""
    return Subject(Kind.MEMBER, member.stack)


def data_centre_subject(data_centre: DataCentre) -> Subject:
    """`data_centre/tunis-1`: their ids are unique in the region."""
    return Subject(Kind.DATA_CENTRE, data_centre.id)


def tenant_subject(member: Member, tenant: Tenant) -> Subject:
    """`tenant/tn/health`."""
    return Subject(Kind.TENANT, f"{member.stack}/{tenant.name}")


def service_subject(service: Service) -> Subject:
    """`service/tn-case-files`: their ids are unique in the region."""
    return Subject(Kind.SERVICE, service.id)


def routes_of(tenant: Tenant) -> tuple[Subject, ...]:
    """The prefixes of a tenant that are announced to other members."""
    return tuple(
        Subject(Kind.ROUTE, str(prefix))
        for network in tenant.networks
        if network.exported
        for prefix in (network.ipv4, network.ipv6)
    )


def with_tenant(member: Member, tenant: Tenant) -> tuple[Subject, ...]:
    """What goes with a tenant that is refused: its services and its routes."""
    services = (service_subject(service) for service in member.services if service.tenant == tenant.name)
    return (*services, *routes_of(tenant))


def tenant_location(member: Member, tenant: Tenant) -> SpecLocation:
    """Where a tenant is written; its slot is its own."""
    return SpecLocation(member.file) / "tenants" / Item("slot", tenant.slot)


def data_centre_location(member: Member, data_centre: DataCentre) -> SpecLocation:
    """Where a data centre is written."""
    return SpecLocation(member.file) / "data_centres" / Item("id", data_centre.id)


def label_location(member: Member, data_centre: DataCentre, label: Label) -> SpecLocation:
    """Where a label is written."""
    return data_centre_location(member, data_centre) / "labels" / Item("scheme", label.scheme)


def service_location(member: Member, service: Service) -> SpecLocation:
    """Where a service is written."""
    return SpecLocation(member.file) / "services" / Item("id", service.id)
