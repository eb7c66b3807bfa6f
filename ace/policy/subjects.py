"""Things that rules speak of, where they stand in the spec, and what can not be without them."""

from __future__ import annotations

from ace.policy.values import Kind, Subject
from ace.spec.places import Item, Place
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


def tenant_place(member: Member, tenant: Tenant) -> Place:
    """Where a tenant is written; its slot is its own."""
    return Place(member.file) / "tenants" / Item("slot", tenant.slot)


def data_centre_place(member: Member, data_centre: DataCentre) -> Place:
    """Where a data centre is written."""
    return Place(member.file) / "data_centres" / Item("id", data_centre.id)


def label_place(member: Member, data_centre: DataCentre, label: Label) -> Place:
    """Where a label is written."""
    return data_centre_place(member, data_centre) / "labels" / Item("scheme", label.scheme)


def service_place(member: Member, service: Service) -> Place:
    """Where a service is written."""
    return Place(member.file) / "services" / Item("id", service.id)
