"""What a person sees while countries are under way."""

from __future__ import annotations

import io

from rich.console import Console

from ace.cli.progress import Board, LiveProgress, following
from ace.engine.contract import Message, Op, Phase, Step, StepFinished, StepStarted
from ace.errors import ExitCode
from ace.fleet.report import CountryReport, Result
from ace.fleet.run import CountryEnded, CountryRun, CountryStarted, FleetEvent

NETWORK = Step(Op.CREATE, "urn:n", "openstack:networking/network:Network", "tunis-1.app")
SERVER = Step(Op.CREATE, "urn:s", "openstack:compute/instance:Instance", "tunis-1.gw1")
REFUSED = CountryRun(CountryReport(Result.FAILED, "protected", "no"), ExitCode.REFUSED)
RUN: list[FleetEvent] = [
    CountryStarted("tn", "embedded"),
    Phase("tn", "applying", 40),
    StepStarted("tn", NETWORK),
    StepStarted("tn", SERVER),
    Message("tn", "warning", "using pulumi-resource-openstack from $PATH at /usr/bin"),
    Message("tn", "info", "chatter"),
    Message("tn", "warning", "the image is old"),
    StepFinished("tn", NETWORK),
]


def plain(events: list[FleetEvent], *, verbose: bool = False) -> str:
    out = io.StringIO()
    with following(Board(["tn", "ug"]), Console(file=out), verbose=verbose) as sink:
        for event in events:
            sink(event)
    return out.getvalue()


def test_a_log_has_starts_phases_failures_and_ends_but_no_noise() -> None:
    text = plain([*RUN, StepFinished("tn", SERVER, error="no host"), CountryEnded("tn", REFUSED)])
    told = [line.split(" ", 1)[1] for line in text.splitlines()]
    assert told == [
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


def drawn(events: list[FleetEvent], **console: object) -> str:
    board = Board(["tn", "ug"])
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
    board = Board(["tn", "ug"])
    for event in RUN:
        board.take(event)
    assert board.waiting_for() == "tn (+ server tunis-1.gw1)"


def test_without_colour_nothing_is_coloured(monkeypatch: object) -> None:
    text = drawn([*RUN, CountryEnded("tn", REFUSED)], no_color=True, force_terminal=True, color_system="truecolor")
    assert "\x1b[3" not in text
    assert "refused" in text
