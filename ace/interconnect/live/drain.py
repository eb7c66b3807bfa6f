"""Take a gateway or hub out of use without losing a packet, and put it back (RFC 8326).

Its routes are asked to be the last choice, neighbours move away, then the shared address on transit moves to the other
gateway. Nothing is taken down: sessions and tunnels stay, so that it can be maintained or given a new key, and put back.
"""

from __future__ import annotations

import time
from typing import Final

from ace.errors import UserError
from ace.interconnect.live.shell import ShellError, SshTarget, run
from ace.interconnect.values import Node, NodeKind

MARK: Final = "/run/ace/drain"
"""Keepalived lets go of the shared address while it is there, and an apply keeps the host drained. Gone after a reboot."""
MOVE_S: Final = 3.0
"""So long neighbours get to move their traffic: several times what a change of preference takes to spread."""
WITHIN_S: Final = 30.0


def drain(ssh: SshTarget, node: Node, address4: str | None) -> None:
    """Drain it, and wait until the shared address has moved.

    Args:
        ssh: The host.
        node: Which.
        address4: The shared IPv4 address on transit of its data centre; None: a hub, or it is alone there.

    Raises:
        UserError: It cannot be done.
    """
    _do(ssh, node, f"vtysh -c 'configure terminal' -c 'router bgp {node.asn}' -c 'bgp graceful-shutdown'")
    time.sleep(MOVE_S)
    _do(ssh, node, f"sh -c 'mkdir -p /run/ace && touch {MARK}'")
    if address4 is not None and node.kind is NodeKind.GATEWAY:
        _wait_gone(ssh, node, address4)


def undrain(ssh: SshTarget, node: Node) -> None:
    """Put it back.

    Raises:
        UserError: It cannot be done.
    """
    _do(ssh, node, f"rm -f {MARK}")
    _do(ssh, node, f"vtysh -c 'configure terminal' -c 'router bgp {node.asn}' -c 'no bgp graceful-shutdown'")


def is_drained(ssh: SshTarget) -> bool:
    """Whether a host is drained.

    Raises:
        ShellError: It cannot be asked.
    """
    return run(ssh, f"sh -c 'test -e {MARK} && echo drained || echo in use'").strip() == "drained"


def _wait_gone(ssh: SshTarget, node: Node, address4: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while address4 in _do(ssh, node, "ip -oneline -4 address show").replace("/", " ").split():
        if time.monotonic() > deadline:
            raise UserError(
                f"{node.host} is drained of routes, but still holds {address4}: no other gateway takes it over",
                hint=f"is keepalived well on both? put it back with `ace interconnect undrain {node.host}`",
                code="address-stays",
            )
        time.sleep(0.5)


def _do(ssh: SshTarget, node: Node, command: str) -> str:
    try:
        return run(ssh, command)
    except ShellError as error:
        raise UserError(
            f"{node.host}: {error}", hint=f"does `ssh -F {ssh.ssh_config} {node.host}` get there?", code="unreachable"
        ) from None
