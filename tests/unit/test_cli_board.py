"""What a person sees while countries are under way."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from ace.cli.show.board import Board, Line, LiveProgress, following
from ace.cli.show.host_line import HostsLine
from ace.cli.show.stack_line import StackLine
from ace.engine.contract import Message, Op, Phase, Step, StepFinished, StepStarted
from ace.errors import ExitCode
from ace.fleet.run import CountryEnded, CountryStarted, Result
from ace.fleet.stacks import FleetEvent, StackOutcome
from ace.services.country_run import Doing, HostsChosen, HostsOutcome, OnHost
from ace.services.results import TaskBegan, TaskEnded, TaskOutcome

NETWORK = Step(Op.CREATE, "urn:n", "openstack:networking/network:Network", "tunis-1.app")
SERVER = Step(Op.CREATE, "urn:s", "openstack:compute/instance:Instance", "tunis-1.gw1")
REFUSED = StackOutcome(Result.FAILED, ExitCode.REFUSED, "protected", "no")
RUN: list[FleetEvent] = [
    CountryStarted("tn", "engine embedded"),
    Phase("tn", "applying", 40),
    StepStarted("tn", NETWORK),
    StepStarted("tn", SERVER),
    Message("tn", "warning", "using pulumi-resource-openstack from $PATH at /usr/bin"),
    Message("tn", "info", "chatter"),
    Message("tn", "warning", "the image is old"),
    StepFinished("tn", NETWORK),
]


def plain(events: list[Any], *, verbose: bool = False, kind: type[Line] = StackLine) -> str:
    out = io.StringIO()
    with following(Board(["tn", "ug"], kind), Console(file=out, width=200), verbose=verbose) as sink:
        for event in events:
            sink(event)
    return out.getvalue()


def logged(kind: type[Line], events: list[Any], *, verbose: bool = False) -> list[str]:
    """A log's lines without their times."""
    return [line.split(" ", 1)[1] for line in plain(events, verbose=verbose, kind=kind).splitlines()]


def test_a_log_has_starts_phases_failures_and_ends_but_no_noise() -> None:
    assert logged(StackLine, [*RUN, StepFinished("tn", SERVER, error="no host"), CountryEnded("tn", REFUSED)]) == [
        "tn: started, engine embedded",
        "tn: applying, 40 resources",
        "tn: warning: the image is old",
        "tn: FAILED server tunis-1.gw1: no host",
        "tn: refused",
    ]


def test_a_verbose_log_has_each_step_and_what_the_engine_says() -> None:
    text = plain(RUN, verbose=True)
    assert "tn: + network tunis-1.app" in text
    assert "chatter" in text


def test_brackets_in_names_are_not_taken_for_markup() -> None:
    assert "[bold]x[/]" in plain([Message("tn", "warning", "[bold]x[/]")])


def drawn(events: list[Any], kind: type[Line] = StackLine, **console: object) -> str:
    board = Board(["tn", "ug"] if kind is StackLine else [], kind)
    progress = LiveProgress(board, verbose=False)
    for event in events:
        progress(event)
    out = io.StringIO()
    Console(file=out, width=100, **console).print(progress)  # type: ignore[arg-type]
    return out.getvalue()


def test_the_live_display_has_a_line_a_country_and_one_for_all() -> None:
    lines = drawn(RUN).splitlines()
    assert len(lines) == 3
    assert "tn  applying  1/40" in lines[0]
    assert "+ server tunis-1.gw1" in lines[0]
    assert "ug  waiting" in lines[1]
    assert lines[2].startswith("0 of 2 countries done, 1 running")


def test_what_is_in_flight_is_told_to_the_impatient() -> None:
    board = Board(["tn", "ug"], StackLine)
    for event in RUN:
        board.take(event)
    assert board.waiting_for() == "tn (+ server tunis-1.gw1)"


def test_without_colour_nothing_is_coloured(monkeypatch: object) -> None:
    text = drawn([*RUN, CountryEnded("tn", REFUSED)], no_color=True, force_terminal=True, color_system="truecolor")
    assert "\x1b[3" not in text
    assert "refused" in text


GW = "gw1.ebene-1.mu"
HOSTS: list[Any] = [
    CountryStarted("mu", "2 hosts"),
    HostsChosen("mu", (GW, "svc1.ebene-1.mu")),
    Doing("mu", "asking the cloud for its servers"),
    OnHost("mu", TaskBegan(GW, "gateway : FRR")),
    OnHost("mu", TaskEnded(GW, "base : packages", TaskOutcome.OK)),
    OnHost("mu", TaskEnded(GW, "base : time zone", TaskOutcome.CHANGED)),
]


def test_a_log_of_hosts_has_what_changed_and_what_failed() -> None:
    failed = OnHost("mu", TaskEnded(GW, "gateway : FRR", TaskOutcome.FAILED, "no such\nfile"))
    ended = CountryEnded("mu", HostsOutcome(Result.FAILED, ExitCode.FAILED, "hosts-failed", "1 of 2 hosts"))
    assert logged(HostsLine, [*HOSTS, failed, ended]) == [
        "mu: started, 2 hosts",
        f"mu: {GW} changed base : time zone",
        f"mu: {GW} FAILED gateway : FRR: no such",
        "mu: failed",
    ]


def test_a_verbose_log_of_hosts_has_every_task() -> None:
    told = logged(HostsLine, HOSTS, verbose=True)
    assert "mu: asking the cloud for its servers" in told
    assert f"mu: {GW} ok base : packages" in told


def test_the_live_display_has_the_hosts_of_a_country_below_it_while_it_is_under_way() -> None:
    lines = drawn(HOSTS, kind=HostsLine).splitlines()
    assert "mu" in lines[0]
    assert "running" in lines[0]
    assert lines[1].split() == [GW, "1", "ok", "1", "changed", "gateway", ":", "FRR"]
    over = drawn([*HOSTS, CountryEnded("mu", HostsOutcome(Result.UNCHANGED))], kind=HostsLine).splitlines()
    assert not any(GW in line for line in over)
