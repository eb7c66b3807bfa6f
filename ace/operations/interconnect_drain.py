"""Take a gateway or hub out of use without losing a packet, and put it back (RFC 8326)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ace.errors import RefusedError, UserError
from ace.interconnect.live import drain as live
from ace.interconnect.live.shell import ShellError, SshTarget
from ace.interconnect.values import Node, Plan
from ace.operations.region import plan_of
from ace.workspace.as_of import refuse_past
from ace.workspace.engines import EngineName
from ace.workspace.hosts import ssh_targets
from ace.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Drained:
    """A host that was taken out of use, or put back."""

    host: str


def drain(
    workspace: Workspace, host: str, *, engine: EngineName = EngineName.AUTO, as_of: date | None = None
) -> Drained:
    """Drain a gateway or hub: neighbours move their traffic to other paths. Nothing is stopped.

    Args:
        workspace: The ROOT.
        host: As in the plan: `gw1.tunis-1.tn`.
        engine: The engine that holds the stacks' outputs.
        as_of: A date before today is refused.

    Raises:
        UserError: There is no such host in use, it cannot be reached, or its address does not move.
        RefusedError: The data centre's other gateway is drained or does not answer.
    """
    refuse_past(as_of)
    node, plan, reached = _reach(workspace, host, engine, as_of)
    siblings = plan.siblings[node.host]
    for sibling in siblings:
        if _is_out_of_use(reached.get(sibling.host)):
            raise RefusedError(
                f"{sibling.host} is drained or does not answer; without {node.host} the data centre would be cut off",
                hint=f"`ace interconnect undrain {sibling.host}` first",
                code="last-gateway",
            )
    live.drain(reached[node.host], node, _shared_address(workspace, node) if siblings else None)
    return Drained(node.host)


def undrain(
    workspace: Workspace, host: str, *, engine: EngineName = EngineName.AUTO, as_of: date | None = None
) -> Drained:
    """Put a drained gateway or hub back into use.

    Raises:
        UserError: There is no such host in use, or it cannot be reached.
        RefusedError: The date is before today.
    """
    refuse_past(as_of)
    node, _, reached = _reach(workspace, host, engine, as_of)
    live.undrain(reached[node.host], node)
    return Drained(node.host)


def _is_out_of_use(target: SshTarget | None) -> bool:
    try:
        return target is None or live.is_drained(target)
    except ShellError:
        return True


def _reach(
    workspace: Workspace, host: str, engine: EngineName, as_of: date | None
) -> tuple[Node, Plan, Mapping[str, SshTarget]]:
    """A host of the plan, the plan, and how its country's hosts are reached."""
    plan = plan_of(workspace.root, workspace.spec, as_of, verified_only=True)
    node = plan.node(host)
    if node is None:
        known = ", ".join(one.host for one in plan.nodes[:8])
        raise UserError(
            f"{host[:80]!r} is no gateway or hub that is in use; there are: {known or 'none'}",
            hint="see `ace interconnect plan`",
            code="no-such-gateway",
        )
    return node, plan, ssh_targets(workspace, [node.country], engine)


def _shared_address(workspace: Workspace, node: Node) -> str:
    """The address on transit that a data centre's gateways share."""
    member = workspace.spec.member(node.country)
    centre = next(centre for centre in member.data_centres if centre.id == node.host.split(".")[1])
    return str(centre.allocation.transit_vip4)
