"""The schema of a country's stack outputs, `publication` and `inventory`: the stacks write it, `ace.services` reads it.

`Later` is the type of a value that the cloud assigns: `pulumi.Output[str]` in the stacks, where it is not known yet, and
`Never` in what is read back. `plain` makes JSON of it: snake_case keys, lists, addresses as text; no secrets are in there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import ConfigDict, StringConstraints

from ace.errors import UserError

Later = TypeVar("Later")
Address = IPv4Address | IPv6Address
Prefix = IPv4Network | IPv6Network
HostName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}\.[a-z0-9-]{1,40}\.[a-z]{2}$")]
"""`gw1.tunis-1.tn`: the same name everywhere."""
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
VolumeId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,64}$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Role = Literal["gateway", "hub", "services"]
CLOSED: Final = ConfigDict(extra="forbid")
"""An output with a key that this release does not know is refused."""

# ----------------------------------------------------------------------------------------------------------- inventory


@dataclass(frozen=True)
class Reach(Generic[Later]):
    """Where SSH finds a host: an address, through the host `jump` where it has none of its own outside."""

    __pydantic_config__ = CLOSED
    address: Address | Later
    jump: HostName | None


@dataclass(frozen=True)
class Host(Generic[Later]):
    """A server that Ansible configures. Addresses come in pairs, IPv4 first; an empty one: not in that network."""

    __pydantic_config__ = CLOSED
    name: HostName
    role: Role
    number: int
    data_centre: Id
    zone: Id | None
    reach: Reach[Later]
    asn: int | None
    public_address: Address | Later | None
    management: tuple[Address, ...]
    transit: tuple[Address, ...]
    services: tuple[Address, ...]
    loopbacks: tuple[Address, ...]
    runs: tuple[Id, ...]
    """Shared services on it."""
    data_volume_gib: int
    data_volume_id: VolumeId | Later | None
    """By which the host finds it among its disks; known once it is attached."""
    hub: Id | None


@dataclass(frozen=True)
class TransitRouter(Generic[Later]):
    """A router on transit: gateways send what is for `prefixes` to its addresses."""

    __pydantic_config__ = CLOSED
    transit4: IPv4Address | Later | None
    transit6: IPv6Address | Later | None
    prefixes: tuple[Prefix, ...]
    exported: tuple[Prefix, ...]
    """Those of `prefixes` that may be announced to other members."""


@dataclass(frozen=True)
class TenantFacts(Generic[Later]):
    """A deployed tenant."""

    __pydantic_config__ = CLOSED
    name: Id
    sector: Id
    data_centre: Id
    data_classes: tuple[Id, ...]
    project: str
    project_id: str | Later
    router: TransitRouter[Later]


@dataclass(frozen=True)
class DataCentreFacts(Generic[Later]):
    """What a data centre's hosts have in common."""

    __pydantic_config__ = CLOSED
    id: Id
    site: int
    city: str
    cloud: str
    region: str
    asn: int
    transit_vip4: IPv4Address
    transit_vip6: IPv6Address
    router: TransitRouter[Later]
    """Of management and shared services."""


@dataclass(frozen=True)
class Inventory(Generic[Later]):
    """All hosts of a country. `domain` is the country's own DNS domain, `tn.<apex>`."""

    __pydantic_config__ = CLOSED
    country: CountryCode
    domain: str
    data_centres: tuple[DataCentreFacts[Later], ...]
    hosts: tuple[Host[Later], ...]
    tenants: tuple[TenantFacts[Later], ...]

    def host(self, name: str) -> Host[Later]:
        """The host of that name.

        Raises:
            UserError: There is none; names those that there are.
        """
        for host in self.hosts:
            if host.name == name:
                return host
        raise UserError(
            f"{name[:80]!r} is no host of {self.country}; it has: {', '.join(host.name for host in self.hosts) or 'none'}",
            hint=f"see `ace inventory {self.country}`",
            code="no-such-host",
        )


# --------------------------------------------------------------------------------------------------------- publication


@dataclass(frozen=True)
class GatewayOutput(Generic[Later]):
    """A gateway, as far as its far ends need to know it before it has a key."""

    name: HostName
    number: int
    zone: str
    public_address: Address | Later
    loopbacks: tuple[Address, ...]


@dataclass(frozen=True)
class ServiceOutput:
    """A service of the catalogue that runs here."""

    id: str
    sector: str
    tenant: str
    endpoint: str
    data_classes: tuple[str, ...]
    offered_to: tuple[str, ...]


@dataclass(frozen=True)
class DataCentreOutput(Generic[Later]):
    """A site: its AS, its gateways, what it announces and offers."""

    id: str
    site: int
    city: str
    operator: str
    operator_kind: str
    asn: int
    prefixes: tuple[Prefix, ...]
    """Loopbacks, shared services and the tenants' exported networks."""
    gateways: tuple[GatewayOutput[Later], ...]
    services: tuple[ServiceOutput, ...]


@dataclass(frozen=True)
class HubOutput(Generic[Later]):
    """A transit point that the country hosts for the region."""

    id: str
    name: HostName
    slot: int
    asn: int
    data_centre: str
    public_address: Address | Later
    loopbacks: tuple[Address, ...]


@dataclass(frozen=True)
class PublicationOutput(Generic[Later]):
    """The country's public facts, from which its publication is built and signed."""

    country: CountryCode
    ipv4: IPv4Network
    ipv6: IPv6Network
    data_centres: tuple[DataCentreOutput[Later], ...]
    hubs: tuple[HubOutput[Later], ...]


def plain(value: Any) -> Any:
    """Dataclasses, tuples and mappings as dicts and lists, addresses and prefixes as text; anything else as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Address | Prefix):
        return str(value)
    return value
