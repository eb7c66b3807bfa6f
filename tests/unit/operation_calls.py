"""Every operation called as a worker or a pipeline calls it: no terminal, a list as sink, values back.

Run as a program: `python -m tests.unit.operation_calls ROOT`. Prints one JSON object: what each module's call gave, and
which of the terminal's packages were imported by then.
"""

from __future__ import annotations

import json
import logging
import os
import pkgutil
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from ace import operations
from ace.engine.contract import Properties, Stack
from ace.errors import UserError
from ace.fleet.run import Excluded
from ace.membership.lifecycle import Verb
from ace.membership.transition import Intent
from ace.workspace import engines
from ace.workspace.engines import EngineName
from ace.workspace.workspace import Workspace, open_workspace
from tests.unit.fleet_engines import FolderEngine
from tests.unit.service_cases import outputs_of

TODAY: Final = date(2026, 11, 24)
AN_INTENT: Final = Intent(Verb.SUSPEND, "tn", "a reason", "somebody", "2026-11-24T00:00:00Z", {})
Call = Callable[[Workspace, list[Any]], Any]


class Engine(FolderEngine):
    """Its stacks have an `inventory` and a `publication`."""

    def outputs(self, stack: Stack) -> Properties:
        gateways = [{"name": f"gw{n}.tunis-1.tn", "public_address": f"198.18.20.{16 + n}"} for n in (1, 2)]
        return {**outputs_of("tn"), "publication": {"data_centres": [{"gateways": gateways}], "hubs": []}}


def audit(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.audit import audit as run

    return run(workspace.spec_dir)


def configure(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.configure import prepare

    return prepare(workspace, ("tn",))


def deploy(workspace: Workspace, events: list[Any]) -> Any:
    from ace.fleet.report import Action
    from ace.operations.deploy import deploy as run
    from ace.operations.deploy import prepare

    for action in (Action.PREVIEW, Action.UP):
        done = run(prepare(workspace, action, ("tn",)), events.append, threading.Event())
    return done


def catalogue(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.catalogue import build, check, explain, rebuild, write_site

    assert rebuild(workspace.spec_dir) is None
    built = build(workspace.spec_dir, as_of=TODAY)
    write_site(built)
    assert rebuild(workspace.spec_dir) == built.folder
    assert not check(built).errors
    return explain(workspace.spec_dir, "tn-e-learning", TODAY)


def doctor(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.doctor import examine

    return examine(workspace.spec_dir, events.append)


def drift(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.drift import drift as run
    from ace.operations.drift import prepare

    return run(prepare(workspace, ("tn",)), events.append, threading.Event())


def fetch(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.fetch import fetch as run

    return run(workspace.spec_dir, sink=events.append)


def fitness(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.fitness import check_fitness

    return check_fitness(workspace, "tn", only=("tls",), cancel=threading.Event(), sink=events.append)


def introduce_key(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.introduce_key import introduce_key as run
    from ace.signatures.ssh import make_key

    for name in ("new", "old"):
        make_key(workspace.root / name, name)
    new, old = workspace.root / "new.pub", workspace.root / "old"
    return run(workspace.spec, "tn", new, date(2027, 1, 1), date(2029, 1, 1), old)


def interconnect_apply(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.interconnect_apply import apply, prove_plan

    assert apply((), sink=events.append).exit_code == 0
    return prove_plan(workspace, as_of=TODAY, acts=False)


def interconnect_check(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.interconnect_check import check_interconnect

    return check_interconnect(workspace, as_of=TODAY)


def interconnect_drain(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.interconnect_drain import drain

    return drain(workspace, "gw9.tunis-1.tn")


def interconnect_plan(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.interconnect_plan import draw_region, prove_files, prove_region, render_region, write_map

    rendered = render_region(workspace.spec_dir, out=workspace.root / "rendered", as_of=TODAY)
    write_map(draw_region(workspace.spec_dir, TODAY), rendered.folder / "map.svg")
    assert prove_files(rendered.folder) == prove_region(workspace.spec_dir, TODAY)
    return rendered


def inventory(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.inventory import inventory as run

    return run(workspace, "tn")


def lab(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.lab import lab_status, start_lab, stop_lab

    with suppress(UserError):  # there is no such suite: nothing is started
        start_lab(workspace.spec_dir, ("tn",), real_hosts=False, host_suite="none", sink=events.append)
    with suppress(UserError):  # the lab has no cloud of it
        stop_lab(workspace.spec_dir, ("eg",), sink=events.append)
    return lab_status(workspace.spec_dir)


def member_add(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.member_add import join

    return join(workspace.spec_dir, "sc", dry_run=True)


def member_list(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.member_list import list_members

    return list_members(workspace.spec_dir)


def member_steps(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.deploy import Deployment, DeployResult
    from ace.operations.deploy import deploy as carry_out
    from ace.operations.member_steps import Estate

    def run(prepared: Deployment) -> DeployResult:
        return carry_out(prepared, events.append, parallel=1)

    (workspace.layout.state("tn") / "state.json").parent.mkdir(parents=True, exist_ok=True)
    (workspace.layout.state("tn") / "state.json").touch()
    return Estate(workspace.spec_dir, "tn", run).quotas("set them").act(AN_INTENT)


def membership(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.membership import activate, reinstate, remove, suspend

    for prepare, code in ((activate, "no-such-transition"), (reinstate, "no-such-transition"), (remove, "hosts-a-hub")):
        with pytest.raises(UserError) as refused:
            prepare(workspace.spec_dir, "tn", reason="a reason")
        assert refused.value.code == code
    return suspend(workspace.spec_dir, "ke", reason="a reason", stop_servers=True)


def outputs(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.outputs import outputs as run

    return run(workspace, "tn")


def playbook(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.playbook import PlaybookPlan, run_plan
    from ace.services.country_run import Work
    from ace.workspace.selection import Selection

    nowhere = Selection({"ke": Excluded("no-cloud", "it has none")})
    plan = PlaybookPlan(workspace, "verify", nowhere, Work(Path("verify.yml")))
    return run_plan(plan, events.append, threading.Event())


def policy(_workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.policy import explain, rules

    return explain(rules()[0].id)


def publish(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.publish import publish as run

    return run(workspace, "tn", sink=events.append)


def region(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.region import plan_of

    return plan_of(workspace.root, workspace.spec, TODAY)


def region_steps(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.region_steps import with_region

    routes, listings = with_region(workspace.spec_dir, workspace.spec.member("tn"), lambda *_all: ())
    routes.act(AN_INTENT)
    return listings.act(AN_INTENT)


def schema(_workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.schema import schemas

    return schemas()


def state(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.state import export_state, import_state

    file = workspace.root / "tn.json"
    export_state(workspace, "tn", EngineName.AUTO, events.append).write(file)
    return import_state(workspace, "tn", file, EngineName.AUTO, events.append)


def transition(workspace: Workspace, events: list[Any]) -> Any:
    from ace.operations.membership import reinstate, suspend
    from ace.operations.transition import carry_out

    carry_out(suspend(workspace.spec_dir, "mu", reason="a reason"), events.append)
    return carry_out(reinstate(workspace.spec_dir, "mu", reason="a reason"), events.append)


def validate(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.validate import validate as run

    return run(workspace.spec_dir, TODAY)


def verify(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.verify import prepare

    return prepare(workspace, ("tn",))


def verify_publications(workspace: Workspace, _events: list[Any]) -> Any:
    from ace.operations.verify_publications import verify_publications as run

    return run(workspace.spec_dir)


CALLS: Final[Mapping[str, Call]] = {
    call.__name__: call
    for call in (
        audit,
        configure,
        deploy,
        catalogue,
        doctor,
        drift,
        fetch,
        fitness,
        interconnect_apply,
        interconnect_check,
        interconnect_drain,
        interconnect_plan,
        introduce_key,
        inventory,
        lab,
        member_add,
        member_list,
        member_steps,
        membership,
        outputs,
        playbook,
        policy,
        publish,
        region,
        region_steps,
        schema,
        state,
        transition,
        validate,
        verify,
        verify_publications,
    )
}
REFUSES: Final = {
    "interconnect_apply": "nothing-published",
    "interconnect_drain": "no-such-gateway",
    "introduce_key": "no-signer",
    "configure": "fake-hosts",
    "verify": "fake-hosts",
}
"""Operations that are to end in an error here, and its code."""


def modules() -> set[str]:
    """Every module of `ace.operations`."""
    return {module.name for module in pkgutil.iter_modules(operations.__path__)}


def called(name: str, workspace: Workspace) -> dict[str, Any]:
    """What came of a call: the kind of its result, how many events there were, or the error's code."""
    events: list[Any] = []
    try:
        result = CALLS[name](workspace, events)
    except UserError as error:
        return {"error": error.code}
    kind = type(result).__name__
    frozen = is_dataclass(result) and type(result).__dataclass_params__.frozen  # type: ignore[attr-defined]
    return {"result": kind, "is_value": frozen or isinstance(result, Mapping), "events": len(events)}


def main(root: Path) -> None:
    logging.disable(logging.CRITICAL)  # what libraries log is the caller's to show
    engines.build = lambda _name: Engine(desired={"tn": ("a",)})  # type: ignore[assignment]
    workspace = open_workspace(root / "ecosystem")
    found = {name: called(name, workspace) for name in CALLS}
    json.dump({"called": found, "terminal": sorted({"typer", "rich", "ace.cli"} & set(sys.modules))}, sys.stdout)


if __name__ == "__main__":
    os.environ.pop("TERM", None)
    main(Path(sys.argv[1]))
