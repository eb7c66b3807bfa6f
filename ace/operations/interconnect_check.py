"""Ask the running interconnect, and compare it with the plan."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import date
from typing import Final

from ace.addressing import tunnel_mtu
from ace.interconnect.check import RegionCheck, check_region, targets
from ace.interconnect.live.seen import Seen, ask
from ace.interconnect.live.shell import ShellError, on_all
from ace.interconnect.plan import PORT_MTU
from ace.interconnect.values import Plan
from ace.operations.region import plan_of
from ace.workspace.engines import EngineName
from ace.workspace.hosts import ssh_targets
from ace.workspace.workspace import Workspace

AGAIN_S: Final = 1.0
"""Between two rounds of questions."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The plan, and how the region is."""

    plan: Plan
    found: RegionCheck


def check_interconnect(
    workspace: Workspace,
    *,
    within_s: float = 0,
    engine: EngineName = EngineName.AUTO,
    as_of: date | None = None,
    cancel: threading.Event | None = None,
) -> Checked:
    """Ask every gateway and hub that can be reached from here: sessions, BFD, routes, leaks, paths, delays.

    Args:
        workspace: The ROOT.
        within_s: Ask again until everything is as planned, for at most so many seconds.
        engine: The engine that holds the stacks' outputs.
        as_of: The day by which rules are evaluated; None: today.
        cancel: Ends the repetition early.

    Raises:
        UserError: No country's hosts can be reached from here.
    """
    cancel = cancel or threading.Event()
    plan = plan_of(workspace.root, workspace.spec, as_of, verified_only=True)
    deadline = time.monotonic() + within_s
    while not (found := ask_region(workspace, plan, engine)).ok and time.monotonic() < deadline:
        if cancel.wait(AGAIN_S):
            break
    return Checked(plan, found)


def ask_region(workspace: Workspace, plan: Plan, engine: EngineName) -> RegionCheck:
    """Ask all hosts of the plan that can be reached from here, once.

    Raises:
        UserError: None can.
    """
    nodes = {node.host: node for node in plan.nodes}
    countries = sorted({node.country for node in plan.nodes})
    reached = {host: target for host, target in ssh_targets(workspace, countries, engine).items() if host in nodes}
    answers = on_all(
        reached,
        lambda target: ask(target, nodes[target.host], targets(plan, nodes[target.host]), tunnel_mtu(PORT_MTU)),
    )
    seen: dict[str, Seen | str] = {
        host: str(answer) if isinstance(answer, ShellError) else answer for host, answer in answers.items()
    }
    return check_region(plan, seen)
