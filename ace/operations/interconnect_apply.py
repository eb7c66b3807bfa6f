"""Have gateways and hubs take the plan. `prove_plan` and `turns_of` change no host; `apply` acts on what they gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ace.errors import ExitCode, RefusedError, worst
from ace.interconnect import files
from ace.interconnect.prove import prove, read_region
from ace.interconnect.render import render
from ace.interconnect.values import NodeKind, Plan
from ace.operations.interconnect_plan import RegionProof
from ace.operations.playbook import PlaybookPlan, PlaybookResult, failure, group_vars, run_plan
from ace.operations.region import plan_of
from ace.services.country_run import HostsOutcome, Work
from ace.workspace.as_of import refuse_past
from ace.workspace.engines import EngineName
from ace.workspace.hosts import Hosts, select_hosts
from ace.workspace.root import checkout
from ace.workspace.selection import Selection
from ace.workspace.workspace import Workspace, make_private

ACTION = "interconnect-apply"
RunPlaybook = Callable[[PlaybookPlan], PlaybookResult]
"""How a playbook is run: the caller shows it or does not."""


@dataclass(frozen=True, slots=True)
class ProvenPlan:
    """A plan, and the folder of its rendered and proven files."""

    plan: Plan
    folder: Path


@dataclass(frozen=True, slots=True)
class Turn:
    """Hosts of one kind, configured together. Hubs have their turn before gateways."""

    kind: NodeKind
    playbook: PlaybookPlan


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What came of a turn."""

    kind: NodeKind
    result: PlaybookResult

    @property
    def countries(self) -> Mapping[str, HostsOutcome]:
        """What came of it in each country."""
        return self.result.countries

    @property
    def is_last(self) -> bool:
        """Whether it went so badly that no other turn may begin."""
        return any(outcome.exit_code in (ExitCode.FAILED, ExitCode.INTERRUPTED) for outcome in self.countries.values())


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of each turn that began."""

    turns: tuple[TurnResult, ...]

    @property
    def exit_code(self) -> ExitCode:
        """The worst of all turns."""
        return worst([turn.result.exit_code for turn in self.turns])

    @property
    def abandoned(self) -> bool:
        """Whether threads are still at work in this process, which somebody wants to end at once."""
        return any(turn.result.abandoned for turn in self.turns)


def prove_plan(workspace: Workspace, *, as_of: date | None = None, acts: bool = True) -> ProvenPlan:
    """Render and prove what is to be applied, from verified publications alone.

    Args:
        workspace: The ROOT.
        as_of: The day by which rules are evaluated; None: today.
        acts: Whether hosts are to be changed by it; then a date before today is refused.

    Raises:
        RefusedError: No gateway has a verified publication, a proof fails, or the date is before today.
    """
    if acts:
        refuse_past(as_of)
    plan = plan_of(workspace.root, workspace.spec, as_of, verified_only=True)
    return ProvenPlan(plan, write_proven(workspace, plan))


def write_proven(workspace: Workspace, plan: Plan) -> Path:
    """Render a plan, prove it, and write its files into ROOT/.ace.

    Raises:
        RefusedError: No gateway has a verified publication, or a proof fails.
    """
    if not plan.nodes:
        reasons = "\n".join(f"  {item.subject}: {item.reason}" for item in plan.left_out[:12])
        raise RefusedError(
            f"there is nothing to apply: no gateway has a verified publication\n{reasons}",
            hint="configure and publish first: `ace configure`, `ace publish`",
            code="nothing-published",
        )
    rendered = render(plan)
    if failed := RegionProof(prove(read_region(rendered))).failed:
        flaws = "\n".join(f"  {result.name}: {flaw}" for result in failed for flaw in result.flaws[:3])
        raise RefusedError(
            f"what would be applied is not proven to hold together:\n{flaws}",
            hint="see `ace interconnect prove`",
            code="not-proven",
        )
    make_private(workspace.root)
    folder = workspace.layout.interconnect_applied
    files.write(folder, rendered)
    return folder


def turns_of(
    workspace: Workspace,
    proven: ProvenPlan,
    named: Sequence[str] = (),
    *,
    hubs_only: bool = False,
    check: bool = False,
    engine: EngineName = EngineName.AUTO,
) -> tuple[Turn, ...]:
    """Who is configured, and in which order; those that are not named and cannot be reached from here are excluded.

    Args:
        workspace: The ROOT.
        proven: What they take.
        named: Codes in any case: the gateways of these countries; none: all gateways, after all hubs.
        hubs_only: Only hubs.
        check: Change nothing, only report what would change.
        engine: The engine that holds the stacks' outputs.

    Raises:
        UserError: There is nothing to configure in any turn, and why.
    """
    kinds = [NodeKind.HUB] if hubs_only else [NodeKind.GATEWAY] if named else [NodeKind.HUB, NodeKind.GATEWAY]
    among = {kind: countries_of(proven.plan, kind) for kind in kinds}
    selected = {
        kind: select_hosts(workspace, named, engine, among=countries, may_be_none=True)
        for kind, countries in among.items()
    }
    if not any(selection.chosen for selection in selected.values()):
        select_hosts(workspace, named, engine, among={country for countries in among.values() for country in countries})
    return tuple(turn(workspace, selection, kind, proven.folder, check=check) for kind, selection in selected.items())


def apply(
    turns: Sequence[Turn],
    run: RunPlaybook = run_plan,
    sink: Callable[[TurnResult], None] = lambda _turn: None,
) -> Applied:
    """Configure them, turn by turn; in each country one gateway after the other. A turn that fails is the last.

    Args:
        turns: Of `turns_of`.
        run: How a playbook is run.
        sink: Takes each turn's result as it ends.
    """
    done: list[TurnResult] = []
    for one in turns:
        done.append(TurnResult(one.kind, run(one.playbook)))
        sink(done[-1])
        if done[-1].is_last:
            break
    return Applied(tuple(done))


def apply_to_hubs(
    workspace: Workspace, selection: Selection[Hosts], plan: Plan, run: RunPlaybook = run_plan
) -> tuple[str, ...]:
    """Have the hubs of those countries take a plan; the countries.

    Raises:
        RefusedError: It is not proven.
        UserError: A hub did not take it.
    """
    only = turn(workspace, selection, NodeKind.HUB, write_proven(workspace, plan))
    done = apply((only,), run)
    if error := failure(done.turns[0].countries, "ace interconnect apply --hubs"):
        raise error
    return tuple(sorted(done.turns[0].countries))


def turn(
    workspace: Workspace, selection: Selection[Hosts], kind: NodeKind, folder: Path, *, check: bool = False
) -> Turn:
    """The turn in which the hosts of one kind in those countries take the files of a folder."""
    work = Work(
        checkout() / "playbooks" / "interconnect.yml",
        check=check,
        extra_vars={"interconnect_files": str(folder)},
        group_vars=group_vars(workspace),
        roles=frozenset({kind.value}),
    )
    return Turn(kind, PlaybookPlan(workspace, ACTION, selection, work))


def countries_of(plan: Plan, kind: NodeKind) -> tuple[str, ...]:
    """The stacks in which a plan has gateways, or hubs."""
    return tuple(sorted({node.country for node in plan.nodes if node.kind is kind}))
