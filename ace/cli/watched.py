"""A run that a person watches: shown on standard error as it goes, stopped by Ctrl-C."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ace.cli.interrupt import FINISHING, interruptible

if TYPE_CHECKING:
    from ace.cli.show.board import Line
    from ace.engine.interrupt import Interrupt
    from ace.operations.deploy import Deployment, DeployResult
    from ace.operations.playbook import PlaybookPlan, PlaybookResult


@contextmanager
def watched(
    countries: Sequence[str], kind: type[Line], *, verbose: bool, stopping: str = FINISHING, insisting: bool = False
) -> Iterator[tuple[Callable[[Any], None], Interrupt]]:
    """Show a run on standard error as it goes; gives the sink for its events, and the event that Ctrl-C sets.

    Args:
        countries: Those that run.
        kind: What a line of the board shows.
        verbose: Show each step or task, and what libraries log.
        stopping: As for `interruptible`.
        insisting: As for `interruptible`.
    """
    from ace.cli.show.board import Board, following
    from ace.cli.show.output import stderr

    if not verbose:
        logging.getLogger().addHandler(logging.NullHandler())  # our own messages have what libraries warn of
    board = Board(countries, kind)
    with (
        following(board, stderr, verbose=verbose) as sink,
        interruptible(
            lambda line: stderr.print(line, markup=False), board.waiting_for, stopping, insisting=insisting
        ) as cancel,
    ):
        yield sink, cancel


def run_for_steps(prepared: Deployment) -> DeployResult:
    """Run a deployment as a step of a longer command; when it is abandoned, the process ends with it."""
    from ace.cli.show import deployment as show
    from ace.cli.show.outcomes import print_bugs
    from ace.cli.show.stack_line import StackLine
    from ace.operations.deploy import deploy

    show.print_start(prepared)
    with watched(prepared.countries, StackLine, verbose=False, insisting=True) as (sink, cancel):
        done = deploy(prepared, sink, cancel)
    print_bugs(done.countries)
    if done.abandoned:
        os._exit(done.report.exit_code)  # as asked for; the same command continues from here
    return done


def run_playbook(plan: PlaybookPlan, *, parallel: int | None = None, verbose: bool = False) -> PlaybookResult:
    """Run a playbook as a part of a longer command."""
    from ace.cli.show import hosts as show
    from ace.cli.show.host_line import HostsLine
    from ace.operations.playbook import run_plan

    show.print_start(plan)
    with watched(plan.countries, HostsLine, verbose=verbose, stopping=show.STOPPING) as (sink, cancel):
        return run_plan(plan, sink, cancel, parallel=parallel)
