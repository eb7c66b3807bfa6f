"""`ace configure`: from servers to services; `ace verify`: what the services themselves say."""

from __future__ import annotations

from time import monotonic
from typing import Annotated

import typer

from ace.cli.options import (
    AsOfOption,
    CountriesArgument,
    EngineOption,
    Format,
    FormatOption,
    ParallelOption,
    SpecOption,
    VerboseOption,
)
from ace.workspace.as_of import refuse_past
from ace.workspace.engines import EngineName

ServiceOption = Annotated[
    str | None,
    typer.Option(
        "--service", metavar="NAME", help="Only this service: a shared service of the spec, `base` or `gateway`."
    ),
]


def configure(
    countries: CountriesArgument = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; show what would change (exit 2 if anything).")
    ] = False,
    service: ServiceOption = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Run every task, also on hosts already converged by an identical run."),
    ] = False,
    remote: Annotated[
        bool,
        typer.Option(
            "--remote",
            help="Run on each country's own worker, which alone holds the keys of its hosts; `ACE_WORKER_<CC>` is the "
            "command that starts it (`docs/configure.md`).",
        ),
    ] = False,
    parallel: ParallelOption = None,
    engine: EngineOption = EngineName.AUTO,
    verbose: VerboseOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Configure the services on the countries' hosts with Ansible, countries in parallel.

    The running state is compared, not only files: a second run changes nothing, and the next run completes one that was
    interrupted. A failed host does not stop the others. Host keys are pinned from the console logs. Run `ace up` first.
    """
    from ace.cli.show import hosts as show
    from ace.cli.show.host_line import HostsLine
    from ace.cli.show.output import answering
    from ace.cli.watched import watched
    from ace.operations.configure import prepare
    from ace.operations.playbook import playbook_document, run_plan
    from ace.workspace.workspace import open_workspace

    with answering("configure", format_) as answer:
        if not check:
            refuse_past(as_of)
        how = {"check": check, "full": full, "remote": remote}
        plan = prepare(open_workspace(spec), countries or (), service=service, engine=engine, as_of=as_of, **how)
        show.print_start(plan)
        with watched(plan.countries, HostsLine, verbose=verbose, stopping=show.STOPPING) as (sink, cancel):
            done = run_plan(plan, sink, cancel, parallel=parallel)
        retry = "ace configure --remote" if remote else "ace configure"
        answer.abandons, answer.exit_code = done.abandoned, done.exit_code
        answer.document, answer.failure = playbook_document(done.countries), show.failure(done.countries, retry)
        if format_ is Format.TEXT:
            if check:
                show.print_changes(done.countries)
            show.print_results(done.countries)
        show.print_failures(done.countries, retry)


def verify(
    countries: CountriesArgument = None,
    service: ServiceOption = None,
    parallel: ParallelOption = None,
    engine: EngineOption = EngineName.AUTO,
    verbose: VerboseOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it; services are asked now
    format_: FormatOption = Format.TEXT,
) -> None:
    """Verify the running services of the countries' hosts: DNS, time, monitoring, gateways.

    Nothing is changed, except for a test alert that is fired and cleared. Exit code 1: a check failed.
    """
    from ace.cli.show import hosts as show
    from ace.cli.show.output import answering
    from ace.cli.watched import watched
    from ace.operations.playbook import playbook_document, run_plan
    from ace.operations.verify import prepare
    from ace.workspace.workspace import open_workspace

    with answering("verify", format_) as answer:
        plan = prepare(open_workspace(spec), countries or (), service=service, engine=engine)
        show.print_start(plan)
        with watched(plan.countries, show.VerifyLine, verbose=verbose, stopping=show.STOPPING) as (sink, cancel):
            began = monotonic()
            done = run_plan(plan, sink, cancel, parallel=parallel)
        answer.abandons, answer.exit_code = done.abandoned, done.exit_code
        answer.document = playbook_document(done.countries, checks=True)
        answer.failure = show.failure(done.countries, "ace verify")
        if format_ is Format.TEXT:
            show.print_checks(done.countries, monotonic() - began, all_=verbose)
        show.print_failures(done.countries, "ace verify")
