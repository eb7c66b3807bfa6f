"""`ace configure`: from servers to services; `ace verify`: what the services themselves say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli.deploy import ParallelOption, VerboseOption
from ace.cli.options import AsOfOption, CountriesArgument, EngineOption, Format, FormatOption, SpecOption
from ace.workspace.as_of import refuse_past
from ace.workspace.engines import EngineName
from ace.workspace.root import checkout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ace.services.country_run import HostsOutcome
    from ace.workspace.workspace import Workspace

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
    from ace.cli import configuring
    from ace.cli.show.output import answering
    from ace.services.country_run import Work
    from ace.services.inputs import digester
    from ace.workspace.hosts import select_hosts
    from ace.workspace.workspace import open_workspace

    with answering("configure", format_) as answer:
        if not check:
            refuse_past(as_of)
        place = open_workspace(spec)
        only = {"ace_only": _known_service(place, service)} if service is not None else {}
        selected = select_hosts(place, countries or (), engine, remote=remote)
        again = "ace configure --remote" if remote else "ace configure"
        _require_real_hosts(place)
        shared = configuring.group_vars(place)
        site = checkout() / "playbooks" / "site.yml"
        inputs = None if only or full or remote else digester(place.root, site, shared)
        done = configuring.run(
            place,
            selected,
            "configure",
            Work(
                site,
                check=check,
                extra_vars=only,
                group_vars=shared,
                inputs=inputs,
            ),
            parallel=parallel,
            verbose=verbose,
            once_more=None
            if check
            else Work(site, extra_vars={"ace_only": "dns"}, group_vars=shared, service="dns", inputs=inputs),
        )
        answer.exit_code = done.exit_code
        answer.body["countries"] = {name: configuring.as_json(one) for name, one in sorted(done.outcomes.items())}
        if wrong := configuring.error(done.outcomes, again):
            answer.body["error"] = wrong
        if format_ is Format.TEXT:
            if check:
                configuring.tell_changes(done.outcomes)
            configuring.tell(done.outcomes)
        configuring.tell_failures(done.outcomes, again)


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
    from ace.cli import configuring
    from ace.cli.show.output import answering
    from ace.services.country_run import Work
    from ace.workspace.hosts import select_hosts
    from ace.workspace.workspace import open_workspace

    with answering("verify", format_) as answer:
        place = open_workspace(spec)
        only = {"ace_only": _known_service(place, service)} if service is not None else {}
        selected = select_hosts(place, countries or (), engine)
        _require_real_hosts(place)
        playbook = checkout() / "playbooks" / "verify.yml"
        work = Work(playbook, extra_vars=only, group_vars=configuring.group_vars(place))
        done = configuring.run(place, selected, "verify", work, parallel=parallel, verbose=verbose, waits=True)
        answer.exit_code = done.exit_code
        answer.body["countries"] = {
            name: {
                **configuring.as_json(one),
                "checks": [
                    {"host": check.host, "id": check.id, "verdict": check.verdict, "evidence": check.evidence}
                    for check in (one.run.checks if one.run else ())
                ],
            }
            for name, one in sorted(done.outcomes.items())
        }
        if wrong := configuring.error(done.outcomes, "ace verify"):
            answer.body["error"] = wrong
        if format_ is Format.TEXT:
            _tell_checks(done.outcomes, all_=verbose)
        configuring.tell_failures(done.outcomes, "ace verify")


def _known_service(place: Workspace, named: str) -> str:
    """The role of that name.

    Raises:
        UserError: There is none; names those that there are.
    """
    from ace.errors import UserError

    roles = {path.name for path in (checkout() / "playbooks" / "roles").glob("*") if path.is_dir()}
    known = sorted(roles & {"base", "gateway", *place.spec.region.shared_services})
    if named not in known:
        raise UserError(
            f"{named[:40]!r} is no service that can be configured; there are: {', '.join(known) or 'none'}",
            hint="name one of them, or leave --service out",
            code="no-such-service",
        )
    return named


def _require_real_hosts(place: Workspace) -> None:
    """A lab without root has servers in which nothing runs.

    Raises:
        UserError: This is one, or it is down.
    """
    from ace.errors import UserError
    from ace.lab import Lab, underlay

    if not place.clouds.is_lab or underlay(place.root) is not None:
        return
    if (Lab(place.root).folder / "ssh" / "config").exists():
        raise UserError("this lab's hosts are down", hint="start them: `ace lab up`", code="lab-down")
    raise UserError(
        "the servers of this lab are fake: nothing runs in them that could be configured",
        hint="real ones need root on Debian: `ace lab up --hosts` says what is missing (docs/lab.md)",
        code="fake-hosts",
    )


def _tell_checks(outcomes: Mapping[str, HostsOutcome], *, all_: bool) -> None:
    """A line a country; below it what did not pass, or all."""
    from ace.cli.show.board import word
    from ace.cli.show.output import stdout

    styles = {"PASS": "green", "SKIP": "yellow"}
    for name, outcome in sorted(outcomes.items()):
        checks = outcome.run.checks if outcome.run else ()
        if not checks and outcome.run is None:
            continue
        numbers = [
            f"{sum(check.verdict == verdict for check in checks)} {verdict}" for verdict in ("PASS", "FAIL", "SKIP")
        ]
        stdout.print(f"{name}  {word(outcome)}  {', '.join(numbers)}  {outcome.seconds:.1f} s", markup=False)
        for check in checks:
            if all_ or check.verdict != "PASS":
                style = styles.get(check.verdict, "bold red")
                stdout.print(f"  [{style}]{check.verdict}[/]  ", end="")
                stdout.print(f"{check.host}  {check.id}  {check.evidence}", markup=False)
