"""Read back a rendered WireGuard file, every setting with its line."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Interface

NEEDED = ("Address", "ListenPort", "MTU", "PublicKey", "Endpoint", "AllowedIPs")


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One end of a tunnel. `lines` has the line of each setting."""

    interface: str
    address: IPv6Interface
    port: int
    mtu: int
    key: str
    """The far end's public key, or a placeholder."""
    endpoint: str
    endpoint_port: int
    allowed: frozenset[str]
    table_off: bool
    lines: dict[str, int]

    @property
    def far_address(self) -> IPv6Address:
        """The other address of the /127."""
        return IPv6Address(int(self.address.ip) ^ 1)


def parse(interface: str, text: str) -> Tunnel:
    """Read a file.

    Raises:
        ValueError: A setting is missing or malformed; the message begins with its line number.
    """
    settings: dict[str, str] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        key, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith("#"):
            settings[key.strip()], lines[key.strip()] = value.strip(), number
    for name in NEEDED:
        if name not in settings:
            raise ValueError(f"1: no {name}")
    place = ""
    try:
        place = "Endpoint"
        host, _, port = settings["Endpoint"].rpartition(":")
        endpoint_port = int(port)
        place = "Address"
        address = IPv6Interface(settings["Address"])
        place = "ListenPort"
        listen = int(settings["ListenPort"])
        place = "MTU"
        mtu = int(settings["MTU"])
    except ValueError as error:
        raise ValueError(f"{lines[place]}: {place} is not understood: {error}") from None
    return Tunnel(
        interface=interface,
        address=address,
        port=listen,
        mtu=mtu,
        key=settings["PublicKey"],
        endpoint=host,
        endpoint_port=endpoint_port,
        allowed=frozenset(part.strip() for part in settings["AllowedIPs"].split(",")),
        table_off=settings.get("Table") == "off",
        lines=lines,
    )
