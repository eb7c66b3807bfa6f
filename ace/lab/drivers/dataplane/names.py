"""What the data plane's parts are called: every name names which lab and cloud it belongs to.

So several labs run side by side, and what one has left behind is found without any record of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

NAMESPACES = Path("/run/netns")
BRIDGE = "bridge"
"""The one bridge in the namespace of a network that is not external."""


def lab_tag(folder: Path) -> str:
    """A lab's tag: `ace-` and six digits that follow from the path of its folder."""
    return f"ace-{hashlib.sha256(str(folder).encode()).hexdigest()[:6]}"


@dataclass(frozen=True)
class Names:
    """Names of one cloud's parts. Ids are OpenStack's UUIDs; a part of each is enough to distinguish them."""

    lab: str
    cloud: str

    @classmethod
    def of(cls, cloud_folder: Path) -> Names:
        """Those of the cloud that lives in `<lab>/clouds/<name>`."""
        return cls(lab_tag(cloud_folder.parents[1]), cloud_folder.name)

    @property
    def underlay(self) -> str:
        """The namespace that stands for the Internet: all clouds of the lab meet in it."""
        return f"{self.lab}.underlay"

    @property
    def prefix(self) -> str:
        """How all namespaces of this cloud begin."""
        return f"{self.lab}.{self.cloud}."

    def network(self, network_id: str) -> str:
        return f"{self.prefix}network.{network_id[:13]}"

    def router(self, router_id: str) -> str:
        return f"{self.prefix}router.{router_id[:13]}"

    def host(self, server_id: str) -> str:
        return f"{self.prefix}host.{server_id[:13]}"


def external_bridge(network_id: str) -> str:
    """An external network's bridge, in the underlay (interface names have at most 15 characters)."""
    return f"x{_short(network_id)}"


def tap(port_id: str) -> str:
    """The end of a port's cable that is in its network's bridge."""
    return f"t{_short(port_id)}"


def router_interface(port_id: str) -> str:
    """The end of a port's cable that is in a router."""
    return f"r{_short(port_id)}"


def _short(identifier: str) -> str:
    return identifier.replace("-", "")[:12]
