"""The resolved spec: frozen values, every default filled in, every number allocated, every reference checked.

Everything downstream (stacks, policies, fleet, catalogue) reads these and nothing else. Tuples are sorted by what
identifies their items (id, slot, number), never by their place in a file, so that reordering a file changes nothing.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from ace.addressing import MemberAllocation, SiteAllocation
from ace.errors import UserError
from ace.spec.region import Hub, LocalizedText, OperatorKind, Region, TenantSize


class MemberStatus(StrEnum):
    """A member's place in its life cycle."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEAVING = "leaving"
    LEFT = "left"


class ResidencyMode(StrEnum):
    """Where data of a class may live; `unknown` fails closed."""

    IN_COUNTRY_ONLY = "in_country_only"
    IN_COUNTRY_COPY = "in_country_copy"
    CONDITIONAL = "conditional"
    UNRESTRICTED = "unrestricted"
    UNKNOWN = "unknown"


class CloudAccess(StrEnum):
    """How much of its cloud a country gives to ACE."""

    ADMIN = "admin"
    DOMAIN_MANAGER = "domain_manager"


class FlavorSource(StrEnum):
    """Whether ACE makes the region's flavours (needs admin) or looks them up by name."""

    CREATE = "create"
    EXISTING = "existing"


class PassphraseSource(StrEnum):
    """Where the passphrase of a country's state comes from: a file below ROOT, or the environment."""

    FILE = "file"
    ENV = "env"


@dataclass(frozen=True, slots=True)
class Contact:
    """A role mailbox, not a person."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Signer:
    """An SSH public key whose signatures on the member's publications count from `since` until `until`."""

    key: str
    since: date
    until: date
    introduced: str | None = None
    """An earlier key's signature, on one line of base64 (`ace publication introduce` makes it)."""
    recovery: tuple[Approval, ...] = ()
    """Approvers of the region, where no earlier key is left."""


@dataclass(frozen=True, slots=True)
class Approval:
    """An approver's signature, on one line of base64 (`ace policy approve` makes it)."""

    approver: str
    signature: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """A rule that a member does not keep for one subject (`tenant/tn/health`) until a date, and who answers for it."""

    rule: str
    subject: str
    owner: Contact
    reason: str
    until: date
    approval: Approval | None
    """Needed when the rule is the region's."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """Why a member is suspended, since when, and which two of the region's approvers signed it."""

    since: date
    reason: str
    approvals: tuple[Approval, ...]


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a data centre can give to tenants and hosts altogether."""

    cores: int
    ram_gib: int
    volumes_gib: int


@dataclass(frozen=True, slots=True)
class StateSettings:
    """Where a country keeps its state: `local` (below ROOT) or a Pulumi backend's address; and its passphrase."""

    backend: str
    passphrase: PassphraseSource


@dataclass(frozen=True, slots=True)
class ResidencyRule:
    """Where the country's data of one class may live, and the law on which it rests."""

    data_class: str
    mode: ResidencyMode
    basis: str
    transfers_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs a data centre."""

    name: str
    kind: OperatorKind


@dataclass(frozen=True, slots=True)
class Label:
    """A label that an operator holds for a data centre."""

    scheme: str
    number: str
    valid_until: date
    evidence: str | None


@dataclass(frozen=True, slots=True)
class CloudSpec:
    """How a data centre's OpenStack is reached (`cloud` is the entry of clouds.yaml) and what it offers."""

    cloud: str
    region: str
    access: CloudAccess
    external_network: str
    availability_zones: tuple[str, ...]
    image: str
    flavors: FlavorSource
    """`create` (ACE makes the region's SCS flavours; needs admin) or `existing` (they are looked up by name)."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One of a data centre's one to four interconnect gateways."""

    name: str
    number: int
    zone: str
    flavor: str


@dataclass(frozen=True, slots=True)
class ServiceHost:
    """A server of the country's shared services; which of them it runs is in `runs` (dns, time, monitoring, ...)."""

    name: str
    number: int
    zone: str
    flavor: str
    runs: tuple[str, ...]
    data_volume_gib: int
    """Size of the protected data volume attached to it; 0 for none."""


@dataclass(frozen=True, slots=True)
class DataCentre:
    """A site: its own cloud, its gateways, the hosts of its shared services, the hubs that it lodges."""

    id: str
    site: int
    city: str
    operator: Operator
    labels: tuple[Label, ...]
    cloud: CloudSpec
    allocation: SiteAllocation
    gateways: tuple[Gateway, ...]
    service_hosts: tuple[ServiceHost, ...]
    hubs: tuple[Hub, ...]
    capacity: Capacity | None
    """None: not stated."""
    admin_key: str
    """OpenSSH public key that the hosts' first login takes; the private half never comes near ACE."""


@dataclass(frozen=True, slots=True)
class TenantNetwork:
    """One network of a tenant. `exported`: whether its prefixes may be announced to other members."""

    name: str
    ipv4: IPv4Network
    ipv6: IPv6Network
    exported: bool


@dataclass(frozen=True, slots=True)
class Tenant:
    """A sector's project on one data centre. `name` is unique in its country and is the sector's unless given."""

    name: str
    sector: str
    slot: int
    data_centre: str
    size: TenantSize
    data_classes: tuple[str, ...]
    admins: tuple[str, ...]
    networks: tuple[TenantNetwork, ...]


@dataclass(frozen=True, slots=True)
class Sla:
    """What a service promises: availability in per cent, RTO and RPO in hours."""

    availability: float
    rto_h: float
    rpo_h: float


@dataclass(frozen=True, slots=True)
class Support:
    """When and in which languages help is given."""

    hours: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """What a member offers in the catalogue."""

    id: str
    sector: str
    title: LocalizedText
    description: LocalizedText
    tenant: str
    endpoint: str
    data_classes: tuple[str, ...]
    offered_to: tuple[str, ...]
    sla: Sla
    support: Support


@dataclass(frozen=True, slots=True)
class Member:
    """One country: what it states of itself, with its numbers filled in. `code` is ISO alpha-2, upper case."""

    code: str
    numeric: int
    name: LocalizedText
    status: MemberStatus
    example: bool
    allocation: MemberAllocation
    technical_contact: Contact
    security_contact: Contact
    signers: tuple[Signer, ...]
    residency: tuple[ResidencyRule, ...]
    waivers: tuple[Waiver, ...]
    suspension: Suspension | None
    data_centres: tuple[DataCentre, ...]
    tenants: tuple[Tenant, ...]
    services: tuple[Service, ...]
    file: str
    """The member's file, relative to ROOT."""
    state: StateSettings
    since: date
    """When it was entered into the register."""
    published_at: str | None = None
    """An https address where its publications are found: a git repository (`….git`) or a folder; None: brought by hand."""

    @property
    def stack(self) -> str:
        """The name of the country's Pulumi stack: its code in lower case."""
        return self.code.lower()

    def data_centre(self, data_centre_id: str) -> DataCentre:
        """The data centre of that id.

        Raises:
            KeyError: There is none; the loader's cross-checks make sure that references in the spec never do this.
        """
        for data_centre in self.data_centres:
            if data_centre.id == data_centre_id:
                return data_centre
        raise KeyError(data_centre_id)


@dataclass(frozen=True, slots=True)
class Spec:
    """The whole ecosystem. `digest` is the SHA-256 of the resolved values, in hex."""

    region: Region
    members: tuple[Member, ...]
    digest: str

    @property
    def active(self) -> tuple[Member, ...]:
        """The members whose status is active."""
        return tuple(member for member in self.members if member.status is MemberStatus.ACTIVE)

    def member(self, code_or_stack: str) -> Member:
        """The member of that country code, in any case.

        Raises:
            UserError: There is none; names those that are known and the nearest.
        """
        code = code_or_stack.strip().upper()
        for member in self.members:
            if member.code == code:
                return member
        known = [member.stack for member in self.members]
        near = difflib.get_close_matches(code.lower(), known, n=1, cutoff=0.5)
        raise UserError(
            f"{code_or_stack[:40]!r} is no member of the ecosystem; members: {', '.join(known) or 'none'}",
            hint=f"is {near[0]} meant?" if near else "name a member by its ISO 3166 alpha-2 code",
            code="no-such-member",
        )
