"""Applying the interconnect turn by turn, and draining a gateway: what is decided before any host is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ace.errors import ExitCode, RefusedError, UserError
from ace.fleet.run import Excluded, Result
from ace.interconnect.live.shell import ShellError, SshTarget
from ace.interconnect.values import NodeKind
from ace.operations import interconnect_apply, interconnect_drain
from ace.operations.interconnect_apply import Turn, TurnResult, apply, countries_of
from ace.operations.interconnect_plan import plan_region
from ace.operations.playbook import PlaybookPlan, PlaybookResult, failure
from ace.services.country_run import HostsOutcome, Work
from ace.workspace.selection import Selection
from ace.workspace.workspace import Workspace, open_workspace
from tests.unit.publications import SPEC_DIR, lab_root

FAILED = HostsOutcome(Result.FAILED, ExitCode.FAILED, "hosts-failed", "gw1.tunis-1.tn: no answer", "look at gw1")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    return open_workspace(lab_root(tmp_path / "root", ("tn-tunis-1",), monkeypatch) / "ecosystem")


def a_turn(workspace: Workspace, kind: NodeKind) -> Turn:
    nowhere: Selection[Any] = Selection({"ke": Excluded("no-cloud", "it has none")})
    return Turn(kind, PlaybookPlan(workspace, interconnect_apply.ACTION, nowhere, Work(Path("interconnect.yml"))))


@pytest.mark.parametrize(
    ("hubs", "began"),
    [(FAILED, ["hub"]), (HostsOutcome(Result.UNCHANGED), ["hub", "gateway"])],
    ids=["after a failure none begins", "else the next does"],
)
def test_gateways_have_their_turn_when_the_hubs_went_well(
    workspace: Workspace, hubs: HostsOutcome, began: list[str]
) -> None:
    ended: list[TurnResult] = []
    results = iter((hubs, HostsOutcome(Result.SUCCEEDED)))

    def run(plan: PlaybookPlan) -> PlaybookResult:
        outcome = next(results)
        return PlaybookResult({"tn": outcome}, outcome.exit_code, workspace.root)

    done = apply([a_turn(workspace, NodeKind.HUB), a_turn(workspace, NodeKind.GATEWAY)], run, ended.append)
    assert [turn.kind.value for turn in done.turns] == began
    assert ended == list(done.turns)
    assert done.exit_code is hubs.exit_code


def test_hubs_that_do_not_take_the_plan_are_an_error(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interconnect_apply, "write_proven", lambda _workspace, _plan: workspace.root)
    plan = plan_region(SPEC_DIR)
    nowhere: Selection[Any] = Selection({})
    for outcome in (FAILED, HostsOutcome(Result.SUCCEEDED)):
        result = PlaybookResult({"tn": outcome}, outcome.exit_code, workspace.root)
        if outcome is FAILED:
            with pytest.raises(UserError) as refused:
                interconnect_apply.apply_to_hubs(workspace, nowhere, plan, lambda _plan, done=result: done)
            assert (refused.value.code, refused.value.hint) == ("hosts-failed", "look at gw1")
        else:
            assert interconnect_apply.apply_to_hubs(workspace, nowhere, plan, lambda _plan, done=result: done) == (
                "tn",
            )


def test_an_error_names_each_country_and_what_continues() -> None:
    stopped = HostsOutcome(Result.EARLY_EXIT, ExitCode.INTERRUPTED, "interrupted", "stopped")
    error = failure({"ke": stopped, "tn": FAILED, "mu": HostsOutcome(Result.SUCCEEDED)}, "ace configure")
    assert error is not None
    assert error.message == "ke: stopped; tn: gw1.tunis-1.tn: no answer"
    assert (error.code, error.hint) == ("interrupted", "`ace configure ke tn`")
    assert failure({"mu": HostsOutcome(Result.SUCCEEDED)}, "ace configure") is None


def test_without_names_hubs_come_before_all_gateways(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def select(_workspace: Workspace, named: Any, _engine: Any, *, among: Any, may_be_none: bool = False) -> Any:
        asked.append(tuple(among))
        assert may_be_none
        return PlaybookChosen()

    class PlaybookChosen:
        chosen: Mapping[str, Any] = {"tn": object()}

    monkeypatch.setattr(interconnect_apply, "select_hosts", select)
    plan = plan_region(SPEC_DIR)
    proven = interconnect_apply.ProvenPlan(plan, workspace.root)
    turns = interconnect_apply.turns_of(workspace, proven)
    assert [turn.kind for turn in turns] == [NodeKind.HUB, NodeKind.GATEWAY]
    assert asked == [countries_of(plan, NodeKind.HUB), countries_of(plan, NodeKind.GATEWAY)]
    assert [turn.kind for turn in interconnect_apply.turns_of(workspace, proven, ("tn",))] == [NodeKind.GATEWAY]
    assert [turn.kind for turn in interconnect_apply.turns_of(workspace, proven, hubs_only=True)] == [NodeKind.HUB]
    assert turns[0].playbook.work.roles == frozenset({"hub"})


@pytest.fixture
def live(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Hosts that answer as the test says: `drained` has whether each is, or what asking it raises."""
    plan = plan_region(SPEC_DIR)
    hosts = {node.host: SshTarget(node.host, workspace.root / "ssh") for node in plan.nodes}
    seen: dict[str, Any] = {"drained": {}, "done": []}

    def is_drained(target: SshTarget) -> bool:
        answer = seen["drained"].get(target.host, False)
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    monkeypatch.setattr(interconnect_drain, "plan_of", lambda *_all, **_more: plan)
    monkeypatch.setattr(interconnect_drain, "ssh_targets", lambda *_all: hosts)
    monkeypatch.setattr(interconnect_drain.live, "is_drained", is_drained)
    monkeypatch.setattr(
        interconnect_drain.live, "drain", lambda target, _node, address: seen["done"].append((target.host, address))
    )
    monkeypatch.setattr(
        interconnect_drain.live, "undrain", lambda target, _node: seen["done"].append((target.host, "back"))
    )
    return seen


def test_a_gateway_is_drained_with_the_address_that_it_shares(workspace: Workspace, live: dict[str, Any]) -> None:
    assert interconnect_drain.drain(workspace, "gw1.tunis-1.tn").host == "gw1.tunis-1.tn"
    centre = workspace.spec.member("tn").data_centres[0]
    assert interconnect_drain.undrain(workspace, "gw1.tunis-1.tn").host == "gw1.tunis-1.tn"
    assert live["done"] == [("gw1.tunis-1.tn", str(centre.allocation.transit_vip4)), ("gw1.tunis-1.tn", "back")]


def test_a_hub_is_drained_without_one(workspace: Workspace, live: dict[str, Any]) -> None:
    interconnect_drain.drain(workspace, "hub-tunis.tunis-1.tn")
    assert live["done"] == [("hub-tunis.tunis-1.tn", None)]


@pytest.mark.parametrize("answer", [True, ShellError("no answer within 60 s")])
def test_the_last_gateway_of_a_data_centre_is_not_drained(
    workspace: Workspace, live: dict[str, Any], answer: object
) -> None:
    live["drained"]["gw2.tunis-1.tn"] = answer
    with pytest.raises(RefusedError) as refused:
        interconnect_drain.drain(workspace, "gw1.tunis-1.tn")
    assert refused.value.code == "last-gateway"
    assert live["done"] == []


def test_draining_is_of_today(workspace: Workspace, live: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        interconnect_drain.drain(workspace, "gw1.tunis-1.tn", as_of=date(2020, 1, 1))
    assert live["done"] == []
