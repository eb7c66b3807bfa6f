"""Many countries at once: what a country's run means, who is left going, what to try."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ace.errors import ExitCode, UserError
from ace.fleet.run import Result
from ace.services import country_run, run_folders, ssh
from ace.services.consoles import Pinning
from ace.services.country_run import HostsOutcome, Target, Work, joined, run_on_hosts
from ace.services.inventory import Inventory
from ace.services.results import Change, Ending, HostCounts, RunResult, Trouble
from ace.services.run import RunRequest
from tests.unit.service_cases import an_inventory

GW1, GW2, SVC1 = "gw1.ebene-1.mu", "gw2.ebene-1.mu", "svc1.ebene-1.mu"
WELL = HostCounts(ok=3)
Ran = Callable[[RunRequest], RunResult]


def a_result(
    hosts: Mapping[str, HostCounts], *, ending: Ending = Ending.COMPLETE, troubles: tuple[Trouble, ...] = ()
) -> RunResult:
    changes = tuple(Change(host, "t", "") for host, counts in hosts.items() if counts.changed)
    return RunResult(ending, hosts, changes, troubles, {}, (), (), Path("/run"), 1.0)


class World:
    """Runs whose hosts and clouds are made up."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "runs" / "20261125T000000Z-configure-1"
        self.root = tmp_path
        self.hosts: dict[str, int] = {}
        """How many of its hosts a country has; all, where nothing is said."""
        self.troubles: dict[str, str] = {}
        self.pinned: list[str] = []
        self.ran: Ran = lambda request: a_result(dict.fromkeys(request.hosts, WELL))
        self.requests: list[RunRequest] = []
        self.events: list[Any] = []
        self.cancel = threading.Event()

    def target(self, country: str = "mu") -> Target:
        inventory = an_inventory(country)
        inventory = replace(inventory, hosts=inventory.hosts[: self.hosts.get(country)])
        hosts = {host.name: {"ace_number": host.number} for host in inventory.hosts}
        return Target(
            inventory, lambda: {"all": {"hosts": hosts}}, ssh.places(self.root, country), Path("/clouds.yaml")
        )

    def go(self, *names: str, work: Work | None = None) -> dict[str, HostsOutcome]:
        targets = [self.target(name) for name in names or ("mu",)]
        work = work or Work(Path("site.yml"))
        ran = run_on_hosts(work, targets, self.folder, self.events.append, self.cancel, parallel=2)
        return dict(ran.countries)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)

    def pin(inventory: Inventory, *_arguments: object) -> Pinning:
        made.pinned.append(inventory.country)
        return Pinning({}, (), made.troubles)

    def run(request: RunRequest, _sink: object, _cancel: object) -> RunResult:
        made.requests.append(request)
        return made.ran(request)

    monkeypatch.setattr(country_run.consoles, "pin", pin)
    monkeypatch.setattr(country_run, "run_playbook", run)
    return made


def test_nothing_changed_is_unchanged(world: World) -> None:
    assert world.go()["mu"].result is Result.UNCHANGED


def test_a_change_is_a_success_and_in_a_check_a_difference(world: World) -> None:
    world.ran = lambda request: a_result(dict.fromkeys(request.hosts, HostCounts(changed=1)))
    assert world.go()["mu"].result is Result.SUCCEEDED
    checked = world.go(work=Work(Path("site.yml"), check=True))["mu"]
    assert (checked.result, checked.exit_code) == (Result.DIFFERS, ExitCode.DIFFERENCES)


def test_a_failed_host_is_named_with_a_way_to_look_at_it(world: World) -> None:
    trouble = Trouble(SVC1, "dns : Knot", "no zone")
    world.ran = lambda _request: a_result(
        {GW1: WELL, GW2: WELL, SVC1: HostCounts(failed=1)}, ending=Ending.FAILED, troubles=(trouble,)
    )
    outcome = world.go()["mu"]
    assert (outcome.result, outcome.exit_code, outcome.reason) == (Result.FAILED, ExitCode.FAILED, "hosts-failed")
    assert outcome.cause == f"1 of 3 hosts: {SVC1}"
    assert f"mu.conf {SVC1}" in outcome.hint


def test_a_host_whose_key_nobody_vouches_for_is_not_run_on_and_told(world: World) -> None:
    world.troubles = {GW2: "its host key is not on its console log"}
    outcome = world.go()["mu"]
    assert world.requests[0].hosts == (GW1, SVC1)
    assert outcome.run is not None
    assert outcome.run.hosts == {GW1: WELL, GW2: HostCounts(unreachable=1), SVC1: WELL}
    assert outcome.result is Result.FAILED
    assert f"openstack server show {GW2}" in outcome.hint


def test_without_any_host_to_run_on_ansible_is_not_started(world: World) -> None:
    world.troubles = dict.fromkeys((GW1, GW2, SVC1), "gone")
    assert world.go()["mu"].result is Result.FAILED
    assert world.requests == []


def test_another_key_is_refused_also_for_those_behind_that_host(world: World) -> None:
    away = Trouble(SVC1, "t", "Connection closed", unreachable=True)
    other = Trouble(GW1, "t", "Host key verification failed", unreachable=True, key_refused=True)
    world.ran = lambda _request: a_result(
        {GW1: HostCounts(unreachable=1), GW2: WELL, SVC1: HostCounts(unreachable=1)},
        ending=Ending.FAILED,
        troubles=(away, other),
    )
    outcome = world.go()["mu"]
    assert (outcome.exit_code, outcome.reason) == (ExitCode.REFUSED, "host-key-changed")
    assert outcome.run is not None
    assert outcome.run.troubles[0].message.startswith(GW1)
    assert str(world.root / ".ace" / "known_hosts" / "mu") in outcome.hint


def test_a_failure_beside_a_refusal_is_a_failure(world: World) -> None:
    troubles = (Trouble(GW1, "t", "x", unreachable=True, key_refused=True), Trouble(GW2, "t", "y"))
    world.ran = lambda _request: a_result(
        {GW1: HostCounts(unreachable=1), GW2: HostCounts(failed=1)}, ending=Ending.FAILED, troubles=troubles
    )
    assert world.go()["mu"].exit_code is ExitCode.FAILED


def test_one_country_s_error_or_bug_leaves_the_others_going(world: World) -> None:
    def ran(request: RunRequest) -> RunResult:
        if request.hosts[0].endswith(".rw"):
            raise UserError("no", hint="do", code="x")
        if request.hosts[0].endswith(".tn"):
            raise ZeroDivisionError
        return a_result(dict.fromkeys(request.hosts, WELL))

    world.ran = ran
    outcomes = world.go("mu", "rw", "tn")
    assert {name: outcome.reason for name, outcome in outcomes.items()} == {"mu": "", "rw": "x", "tn": "bug"}
    assert "ZeroDivisionError" in outcomes["tn"].bug


def test_countries_with_most_hosts_come_first_and_are_told_of_in_the_order_given(world: World) -> None:
    both = threading.Barrier(2, timeout=30)
    world.hosts = {"mu": 1, "rw": 1, "tn": 3, "zm": 2}

    def ran(request: RunRequest) -> RunResult:
        both.wait()
        return a_result(dict.fromkeys(request.hosts, WELL))

    world.ran = ran
    assert list(world.go("mu", "rw", "tn", "zm")) == ["mu", "rw", "tn", "zm"]
    assert {len(request.hosts) for request in world.requests[:2]} == {3, 2}


def test_a_country_that_was_not_begun_when_it_was_stopped_is_not_begun(world: World) -> None:
    world.cancel.set()
    outcome = world.go()["mu"]
    assert (outcome.result, outcome.exit_code) == (Result.EARLY_EXIT, ExitCode.INTERRUPTED)
    assert world.requests == []


def test_a_playbook_that_never_came_to_its_end_says_where_to_look(world: World) -> None:
    world.ran = lambda request: a_result(dict.fromkeys(request.hosts, HostCounts()), ending=Ending.BROKEN)
    outcome = world.go()["mu"]
    assert outcome.reason == "ansible-failed"
    assert "/run/artefacts/stdout" in outcome.hint


def test_two_runs_do_not_meet_on_one_country_s_hosts(world: World) -> None:
    meet = threading.Barrier(2, timeout=30)
    inner: dict[str, HostsOutcome] = {}

    def ran(request: RunRequest) -> RunResult:
        if not inner:
            inner["mu"] = HostsOutcome(Result.UNCHANGED)
            other = threading.Thread(target=lambda: (inner.update(world.go()), meet.wait()))
            other.start()
            meet.wait()
            other.join()
        return a_result(dict.fromkeys(request.hosts, WELL))

    world.ran = ran
    assert world.go()["mu"].result is Result.UNCHANGED
    assert (inner["mu"].reason, inner["mu"].exit_code) == ("busy", ExitCode.FAILED)


def test_a_second_pass_adds_up_and_keeps_that_something_changed() -> None:
    first = HostsOutcome(Result.SUCCEEDED, run=a_result({GW1: HostCounts(ok=1, changed=2)}))
    more = HostsOutcome(Result.UNCHANGED, run=a_result({GW1: HostCounts(ok=1)}))
    both = joined(first, more)
    assert both.result is Result.SUCCEEDED
    assert both.run is not None
    assert both.run.hosts == {GW1: HostCounts(ok=2, changed=2)}


def test_old_runs_folders_go_and_reports_stay(tmp_path: Path) -> None:
    for number in range(run_folders.KEPT_RUNS + 3):
        (tmp_path / f"202611{number:02}T000000Z-configure-x").mkdir()
        (tmp_path / f"202611{number:02}T000000Z-configure-x.json").touch()
    run_folders.prune(tmp_path)
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == run_folders.KEPT_RUNS
    assert not (tmp_path / "20261100T000000Z-configure-x").exists()
    assert (tmp_path / "20261100T000000Z-configure-x.json").exists()


def test_hosts_are_told_what_a_run_follows_from_and_which_one_a_part_of_it_comes_after(world: World) -> None:
    whole = world.go(work=Work(Path("site.yml"), inputs=lambda _inventory: {GW1: "d1"}))["mu"]
    only = {"ace_only": "dns"}
    part = Work(Path("site.yml"), extra_vars=only, inputs=lambda _: {GW1: "d2"}, before={"mu": whole.inputs})
    assert world.go(work=part)["mu"].inputs == {GW1: "d2"}
    assert world.pinned == ["mu"]  # by the whole run
    assert [request.extra_vars for request in world.requests] == [{}, only]
    first, second = (request.inventory["all"]["hosts"] for request in world.requests)
    assert first[GW1] == {"ace_number": 1, "ace_inputs": "d1"}
    assert second[GW1] == {"ace_number": 1, "ace_inputs": "d2", "ace_inputs_before": "d1"}
    assert not any("ace_inputs" in its for host, its in second.items() if host != GW1)


def test_a_run_of_a_service_is_on_the_hosts_that_run_it_alone(world: World) -> None:
    world.go(work=Work(Path("site.yml"), service="dns"))
    (request,) = world.requests
    hosts = an_inventory("mu").hosts
    assert request.hosts == tuple(host.name for host in hosts if "dns" in host.runs)
    assert 0 < len(request.hosts) < len(hosts)


def test_hosts_are_told_nothing_of_a_run_that_follows_from_more_than_can_be_digested(world: World) -> None:
    assert world.go(work=Work(Path("site.yml"), inputs=lambda _inventory: {}))["mu"].inputs == {}
    assert not any("ace_inputs" in its for its in world.requests[0].inventory["all"]["hosts"].values())
    assert world.requests[0].extra_vars == {}


def test_as_many_run_at_once_as_suit_the_cores_fewer_where_the_hosts_need_them_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1, 2, 3})
    assert [country_run.default_parallel(n) for n in (1, 8, 54)] == [1, 8, 8]
    assert [country_run.default_parallel(n, share_cores=True) for n in (1, 8, 54)] == [1, 4, 4]
