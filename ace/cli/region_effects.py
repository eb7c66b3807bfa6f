"""What a transition does in the region, each as a step that can be repeated: routes at the hubs, listings in the catalogue.

Both go by the member's status in the spec; these steps bring it about where this machine can. What others must do is told.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ace.errors import UserError
from ace.layout import Layout
from ace.spec.values import Topology

if TYPE_CHECKING:
    from ace.membership.transition import Done, Step
    from ace.spec.values import Member, Spec
    from ace.workspace.hosts import Hosts
    from ace.workspace.selection import Selection
    from ace.workspace.workspace import Workspace


def with_region(spec_dir: Path, member: Member) -> tuple[Step, Step]:
    """The steps that withdraw a member's routes and listings, or bring them back, as its status is when they run."""
    from ace.membership.transition import Step

    return (
        Step(
            "routes",
            "configure the hubs for it: sessions and routes go, or come back, with the status",
            lambda _intent: _routes(spec_dir, member),
        ),
        Step("listings", "build the catalogue anew, if one was built here", lambda _intent: _listings(spec_dir)),
    )


def _routes(spec_dir: Path, member: Member) -> Done:
    """Have the hubs that can be reached here take the plan as it is now.

    Raises:
        UserError: A hub that can be reached did not take it.
    """
    from ace.cli import configuring, interconnect_live
    from ace.interconnect.values import NodeKind
    from ace.membership.transition import Done
    from ace.operations.region import plan_of
    from ace.workspace.workspace import open_workspace

    if not Layout(spec_dir.parent).interconnect_applied.is_dir():
        return Done("the interconnect was never applied from here: `ace interconnect apply --hubs` where it was")
    place = open_workspace(spec_dir)
    planned = plan_of(place.root, place.spec, None, verified_only=True)
    selected = _reachable(place, interconnect_live.countries_of(planned, NodeKind.HUB))
    if selected is None:
        return Done("no hub can be reached from here: `ace interconnect apply --hubs` where they can")
    folder = interconnect_live.proven(place, planned)
    done = interconnect_live.roll_out(place, selected, NodeKind.HUB, folder)
    if wrong := configuring.error(done.outcomes, "ace interconnect apply --hubs"):
        raise UserError(
            f"the hubs did not all take it: {wrong['message']}",
            hint=f"{wrong['hint']}; then the same command again: it goes on from here",
            code=wrong["code"],
        )
    told = f"the hubs of {', '.join(sorted(done.outcomes))} are as the spec has it now"
    if neighbours := _direct(place.spec, member):
        told += f"; its direct neighbours do their own: `ace interconnect apply {' '.join(neighbours)}`"
    return Done(told)


def _reachable(place: Workspace, countries: list[str]) -> Selection[Hosts] | None:
    """Those of these countries whose hosts can be reached from here, if any."""
    from ace.workspace.engines import EngineName
    from ace.workspace.hosts import select_hosts

    found = select_hosts(place, (), EngineName.AUTO, among=countries, may_be_none=True).chosen_among(countries)
    return found if found.chosen else None


def _direct(spec: Spec, member: Member) -> list[str]:
    """The active members that have tunnels of their own to it: in a mesh all."""
    if spec.region.topology is Topology.MESH:
        return sorted(one.stack for one in spec.active if one.code != member.code)
    pairs = [{pair.a, pair.b} for pair in spec.region.direct]
    others = {code for pair in pairs if member.code in pair for code in pair} - {member.code}
    return sorted(one.stack for one in spec.active if one.code in others)


def _listings(spec_dir: Path) -> Done:
    """Build the catalogue anew where it was built."""
    from ace.cli.catalogue import rebuild
    from ace.membership.transition import Done

    folder = rebuild(spec_dir)
    return Done(
        f"built anew in {folder}" if folder else "no catalogue was built here: `ace catalogue build` where it is"
    )
