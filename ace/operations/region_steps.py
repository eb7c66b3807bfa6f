"""What a transition does in the region, each as a step that can be repeated: routes at the hubs, listings in the catalogue.

Both go by the member's status in the spec; these steps bring it about where this machine can, and name what others must do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ace.errors import UserError
from ace.layout import Layout
from ace.spec.region import Topology

if TYPE_CHECKING:
    from ace.membership.transition import Done, Step
    from ace.operations.interconnect_apply import RunPlaybook
    from ace.spec.values import Member, Spec
    from ace.workspace.hosts import Hosts
    from ace.workspace.selection import Selection
    from ace.workspace.workspace import Workspace


def with_region(spec_dir: Path, member: Member, run: RunPlaybook) -> tuple[Step, Step]:
    """The steps that withdraw a member's routes and listings, or bring them back, as its status is when they run.

    Args:
        spec_dir: The spec folder.
        member: Whose status changes.
        run: How a playbook is run on the hubs.
    """
    from ace.membership.transition import Step

    return (
        Step(
            "routes",
            "configure the hubs for it: sessions and routes go, or come back, with the status",
            lambda _intent: _routes(spec_dir, member, run),
        ),
        Step("listings", "build the catalogue again, if one was built here", lambda _intent: _listings(spec_dir)),
    )


def _routes(spec_dir: Path, member: Member, run: RunPlaybook) -> Done:
    """Have the hubs that can be reached here take the plan as it is now.

    Raises:
        UserError: A hub that can be reached did not take it.
    """
    from ace.interconnect.values import NodeKind
    from ace.membership.transition import Done
    from ace.operations.interconnect_apply import apply_to_hubs
    from ace.operations.region import plan_of
    from ace.workspace.workspace import open_workspace

    if not Layout(spec_dir.parent).interconnect_applied.is_dir():
        return Done("the interconnect was never applied from here: `ace interconnect apply --hubs` where it was")
    workspace = open_workspace(spec_dir)
    planned = plan_of(workspace.root, workspace.spec, None, verified_only=True)
    selected = _reachable(workspace, {node.country for node in planned.nodes if node.kind is NodeKind.HUB})
    if selected is None:
        return Done("no hub can be reached from here: `ace interconnect apply --hubs` where they can")
    try:
        configured = apply_to_hubs(workspace, selected, planned, run)
    except UserError as error:
        raise UserError(
            f"not every hub was configured: {error.message}",
            hint=f"{error.hint}; then the same command again: it continues from here",
            code=error.code,
        ) from None
    told = f"the hubs of {', '.join(sorted(configured))} are configured by the spec's present plan"
    if neighbours := _direct(workspace.spec, member):
        told += f"; its direct neighbours configure theirs: `ace interconnect apply {' '.join(neighbours)}`"
    return Done(told)


def _reachable(workspace: Workspace, countries: set[str]) -> Selection[Hosts] | None:
    """Those of these countries whose hosts can be reached from here, if any."""
    from ace.workspace.engines import EngineName
    from ace.workspace.hosts import select_hosts

    found = select_hosts(workspace, (), EngineName.AUTO, among=countries, may_be_none=True).chosen_among(countries)
    return found if found.chosen else None


def _direct(spec: Spec, member: Member) -> list[str]:
    """The active members that have tunnels of their own to it: in a mesh all."""
    if spec.region.topology is Topology.MESH:
        return sorted(one.stack for one in spec.active if one.code != member.code)
    pairs = [{pair.a, pair.b} for pair in spec.region.direct]
    others = {code for pair in pairs if member.code in pair for code in pair} - {member.code}
    return sorted(one.stack for one in spec.active if one.code in others)


def _listings(spec_dir: Path) -> Done:
    """Build the catalogue again where it was built."""
    from ace.membership.transition import Done
    from ace.operations.catalogue import rebuild

    folder = rebuild(spec_dir)
    return Done(
        f"built again in {folder}" if folder else "no catalogue was built here: `ace catalogue build` where it is"
    )
