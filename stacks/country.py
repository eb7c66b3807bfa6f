"""A country: `ace:country:Country`, the root of its stack."""

from __future__ import annotations

import pulumi

from ace.errors import UserError
from ace.spec.outputs import ServiceOutput
from ace.spec.region import Region
from ace.spec.values import DataCentre as DataCentreValues
from ace.spec.values import Member, MemberStatus
from cloud import providers
from data_centre import DataCentre, DataCentreArgs
from naming import logical
from outputs import DataCentreOutput, GatewayOutput, Inventory, PublicationOutput
from tenant import exported_prefixes

DEPLOYED = (MemberStatus.ACTIVE, MemberStatus.SUSPENDED, MemberStatus.LEAVING)
"""Members whose stack may be deployed; a suspended one's has quotas of nothing, a leaving one's is taken down."""


class Country(pulumi.ComponentResource):
    """All data centres of a member.

    Raises:
        UserError: The member's status does not allow to deploy it, or a cloud's access what the spec asks of it.
    """

    def __init__(self, region: Region, member: Member, opts: pulumi.ResourceOptions | None = None) -> None:
        require_deployable(member)
        super().__init__("ace:country:Country", member.stack, None, opts)
        centres = {}
        for values in member.data_centres:
            credentials = providers(values.cloud, self)
            centres[values.id] = DataCentre(
                logical(values.id),
                DataCentreArgs(region, member, values, credentials),
                pulumi.ResourceOptions(parent=self, providers=[credentials.main]),
            )
        self.inventory = Inventory(
            country=member.stack,
            domain=f"{member.stack}.{region.domain}",
            data_centres=tuple(centre.facts for centre in centres.values()),
            hosts=tuple(host for centre in centres.values() for host in centre.hosts),
            tenants=tuple(tenant for centre in centres.values() for tenant in centre.tenants),
        )
        self.publication = PublicationOutput(
            country=member.stack,
            ipv4=member.allocation.ipv4,
            ipv6=member.allocation.ipv6,
            data_centres=tuple(
                _data_centre(member, values, centres[values.id].gateways) for values in member.data_centres
            ),
            hubs=tuple(hub for centre in centres.values() for hub in centre.hubs),
        )
        self.register_outputs({})


def require_deployable(member: Member) -> None:
    """Refuse a member that is not to be deployed.

    Raises:
        UserError: It has left, or is a candidate and this is no preview.
    """
    if member.status in DEPLOYED or (member.status is MemberStatus.CANDIDATE and pulumi.runtime.is_dry_run()):
        return
    what_next = {
        MemberStatus.CANDIDATE: f"`ace member check {member.stack}`, then `ace member activate {member.stack}`",
        MemberStatus.LEFT: "its numbers stay reserved, and nothing is made under them",
    }
    raise UserError(
        f"{member.file}: {member.name.en} is {member.status.value}; its stack is not deployed",
        hint=what_next[member.status],
        code="member-not-active",
    )


def _data_centre(member: Member, values: DataCentreValues, gateways: tuple[GatewayOutput, ...]) -> DataCentreOutput:
    site = values.allocation
    tenants = [tenant for tenant in member.tenants if tenant.data_centre == values.id]
    return DataCentreOutput(
        id=values.id,
        site=values.site,
        city=values.city,
        operator=values.operator.name,
        operator_kind=values.operator.kind.value,
        asn=site.asn,
        prefixes=(
            *(site.loopback4, site.loopback6, site.services4, site.services6),
            *(prefix for tenant in tenants for prefix in exported_prefixes(tenant)),
        ),
        gateways=gateways,
        services=tuple(
            ServiceOutput(
                service.id,
                service.sector,
                service.tenant,
                service.endpoint,
                service.data_classes,
                service.offered_to,
            )
            for service in member.services
            if service.tenant in {tenant.name for tenant in tenants}
        ),
    )
