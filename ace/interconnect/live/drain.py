"""Take a gateway or hub out of use without losing a packet, and put it back (RFC 8326).

Its routes are told to be the last choice, neighbours move away, then the shared address on transit moves to the other
gateway. Nothing is taken down: sessions and tunnels stay, so that it can be maintained or given a new key, and put back.
"""

from __future__ import annotations

import time
from typing import Final

from ace.errors import UserError
from ace.interconnect.live.shell import Place, ShellError, run
from ace.interconnect.values import Node, NodeKind

MARK: Final = "/run/ace/drain"
"""Keepalived lets go of the shared address while it is there, and an apply keeps the host drained. Gone after a reboot."""
MOVE_S: Final = 3.0
"""So long neighbours get to move their traffic: several times what a change of preference takes to spread."""
WITHIN_S: Final = 30.0


def drain(place: Place, node: Node, address4: str | None) -> None:
    """Drain it, and wait until the shared address has moved.

    Args:
        place: Where.
        node: Which.
        address4: The shared IPv4 address on transit of its data centre; None: a hub, or it is alone there.

    Raises:
        UserError: It cannot be done.
    """
    _do(place, node, f"vtysh -c 'configure terminal' -c 'router bgp {node.asn}' -c 'bgp graceful-shutdown'")
    time.sleep(MOVE_S)
    _do(place, node, f"sh -c 'mkdir -p /run/ace && touch {MARK}'")
    if address4 is not None and node.kind is NodeKind.GATEWAY:
        _wait_gone(place, node, address4)


def undrain(place: Place, node: Node) -> None:
    """Put it back.

    Raises:
        UserError: It cannot be done.
    """
    _do(place, node, f"rm -f {MARK}")
    _do(place, node, f"vtysh -c 'configure terminal' -c 'router bgp {node.asn}' -c 'no bgp graceful-shutdown'")


def is_drained(place: Place) -> bool:
    """Whether a host is drained.

    Raises:
        ShellError: It cannot be asked.
    """
    return run(place, f"sh -c 'test -e {MARK} && echo drained || echo in use'").strip() == "drained"


def _wait_gone(place: Place, node: Node, address4: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while address4 in _do(place, node, "ip -oneline -4 address show").replace("/", " ").split():
        if time.monotonic() > deadline:
            raise UserError(
                f"{node.host} is drained of routes, but still holds {address4}: no other gateway takes it over",
                hint=f"is keepalived well on both? put it back with `ace interconnect undrain {node.host}`",
                code="address-stays",
            )
        time.sleep(0.5)


def _do(place: Place, node: Node, command: str) -> str:
    try:
        return run(place, command)
    except ShellError as error:
        raise UserError(
            f"{node.host}: {error}", hint=f"does `ssh -F {place.ssh_config} {node.host}` get there?", code="unreachable"
        ) from None
