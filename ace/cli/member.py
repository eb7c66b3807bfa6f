"""`ace member`: joining, being fit, pausing, leaving."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ace.cli import transitions
from ace.cli.options import AsOfOption, CountryArgument, Format, FormatOption, SpecOption
from ace.cli.show.output import Answer, answering, finding_json, stderr, stdout
from ace.errors import UserError
from ace.workspace.as_of import refuse_past, today
from ace.workspace.root import checkout, find_spec_dir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ace.errors import Finding
    from ace.membership.answers import Asker
    from ace.membership.writing import Change
    from ace.spec.source import Source
    from ace.spec.values import Member

app = typer.Typer(
    no_args_is_help=True,
    help="Members: join (`add`), check, activate, suspend, reinstate, remove. See `docs/members.md`.",
)

app.command("list")(transitions.list_)
app.command("activate")(transitions.activate)
app.command("suspend")(transitions.suspend)
app.command("reinstate")(transitions.reinstate)
app.command("remove")(transitions.remove)

AnswersOption = Annotated[
    Path | None,
    typer.Option("--answers", metavar="FILE", dir_okay=False, help="Answers (YAML); missing ones have their defaults."),
]
DefaultsOption = Annotated[bool, typer.Option("--defaults", help="Ask nothing; every answer is the default.")]
UpdateOption = Annotated[
    bool,
    typer.Option("--update", help="Update a member's file to the newest template; the country's own text is kept."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; change nothing.")]


@app.command("add")
def add(
    country: CountryArgument,
    answers: AnswersOption = None,
    defaults: DefaultsOption = False,
    update: UpdateOption = False,
    dry_run: DryRunOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Add a country as a candidate: its files, its entry in the register, its numbers.

    Asks on a terminal; `--answers FILE` or `--defaults` ask nothing (an example: `templates/member/examples/sc.yaml`). The
    whole region is validated first; then all files are written, or none. No other member's files change.
    """
    with answering("member-add", format_) as answer:
        refuse_past(as_of)
        if answers is not None and (defaults or update):
            raise UserError("--answers goes neither with --defaults nor with --update", code="usage")
        if update:
            _update(answer, country, defaults, dry_run, find_spec_dir(spec), format_)
            return
        _join(answer, country, answers, defaults, dry_run, find_spec_dir(spec), as_of or today(), format_)


@app.command("check")
def check(
    country: CountryArgument,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="TEST", help="Only this test (repeatable).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", dir_okay=False, help="Also write the report (JSON) here.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="KEY", dir_okay=False, help="Sign the report with this key, into FILE.sig."),
    ] = None,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Check whether a national cloud has all that ACE needs, with the country's own credentials.

    Nothing is changed, except for a canary tenant that is created and removed (after Ctrl-C too). Exit code 1: a test is
    FAIL or ABORT (it could not be determined). The last complete check is kept for `ace member activate`.
    """
    from functools import partial

    from ace.cli.interrupt import interruptible
    from ace.cli.show import fitness as show
    from ace.errors import ExitCode
    from ace.operations import fitness
    from ace.workspace.workspace import open_workspace

    with answering("member-check", format_) as answer:
        refuse_past(as_of)
        if key is not None and (output is None or only):
            raise UserError("--key signs a whole report: give --report FILE, and no --only", code="usage")
        workspace = open_workspace(spec)
        sink = partial(show.show_event, quiet=format_ is Format.JSON)
        with interruptible(lambda line: stderr.print(line, markup=False), lambda: "the canary to be gone") as cancel:
            report = fitness.check_fitness(workspace, country, only=only or (), cancel=cancel, sink=sink)
        answer.document = report.document
        answer.exit_code = ExitCode.OK if report.fit else ExitCode.FAILED
        if output is not None:
            fitness.write_report(report, output, key)
        if format_ is Format.TEXT:
            show.show_summary(report)


def _join(
    answer: Answer,
    named: str,
    answers: Path | None,
    defaults: bool,
    dry_run: bool,
    spec_dir: Path,
    today: date,
    format_: Format,
) -> None:
    from ace import spec as spec_room
    from ace.membership import joining, writing
    from ace.membership.answers import read_answers
    from ace.policy import judge_spec
    from ace.policy.refusal import refusal

    country = joining.country_of(named)
    with writing.alone(spec_dir.parent):
        loaded = spec_room.load(spec_dir)
        given: Source | None = read_answers(answers) if answers is not None else None
        asker = _asker(answers is None and not defaults, named)
        planned = joining.join(spec_dir, loaded, country, _templates(), today, given, asker)
        judged, findings = writing.check_changes(spec_dir, planned.changes)
        member = judged.member(country.alpha2)
        judgement = judge_spec(judged, today)
        if refused := refusal(judgement, member.stack, "taken in"):
            raise refused
        if not dry_run:
            writing.write(spec_dir.parent, planned.changes)
    needed, next_ = joining.still_needed(member), _next(member)
    own = tuple(finding for finding in findings if finding.file == member.file)
    answer.body |= {
        "country": member.stack,
        "template": planned.version,
        "written": not dry_run,
        "files": [_file_json(change) for change in planned.changes],
        "allocations": _allocations(member),
        "defaulted": list(planned.defaulted),
        "still_needed": list(needed),
        "next": list(next_),
        "findings": [finding_json(finding) for finding in own],
    }
    if format_ is Format.JSON:
        return
    _print_diffs(planned.changes)
    done = "would join" if dry_run else "joins"
    stdout.print(f"\n[bold]{member.name.en}[/] {done} as a candidate. Its numbers, for ever:")
    for label, value in _allocation_lines(member):
        stdout.print(f"  {label:<22} {value}", markup=False)
    _print_list("What the country must still supply:", needed)
    _print_findings(own)
    if planned.defaulted and asker is None:
        stderr.print(
            f"{len(planned.defaulted)} answers are the template's defaults: look at {member.file}", markup=False
        )
    _print_list("Next:", next_)


def _update(answer: Answer, named: str, defaults: bool, dry_run: bool, spec_dir: Path, format_: Format) -> None:
    from ace import spec as spec_room
    from ace.membership import joining, writing

    country = joining.country_of(named)
    with writing.alone(spec_dir.parent):
        loaded = spec_room.load(spec_dir)
        asker = _asker(not defaults, named) if sys.stdin.isatty() else None
        planned = joining.update(spec_dir, loaded.region, country, _templates(), asker)
        if not planned.conflicts:
            writing.check_changes(spec_dir, planned.changes)
        if not dry_run and planned.changes:
            writing.write(spec_dir.parent, planned.changes)
    answer.body |= {
        "country": country.alpha2.lower(),
        "template": planned.version,
        "from_template": planned.from_version,
        "written": bool(planned.changes) and not dry_run,
        "files": [_file_json(change) for change in planned.changes],
        "conflicts": list(planned.conflicts),
    }
    if format_ is Format.TEXT:
        _print_diffs(planned.changes)
        if not planned.changes:
            stdout.print(f"{country.en} has the newest template ({planned.version}); nothing to do.", markup=False)
    if planned.conflicts:
        places = joining.Places.of(spec_dir, country)
        lines = ", ".join(f"{places.member}:{line}" for line in planned.conflicts)
        raise UserError(
            f"the template and {country.en} changed the same lines; they are marked at {lines}",
            hint=f"keep what is right, delete the marks (<<<<<<< ======= >>>>>>>), then `ace validate`; "
            f"or undo it all: `git checkout {places.member} {places.answers}`",
            code="merge-conflict",
        )


def _asker(wanted: bool, named: str) -> Asker | None:
    """A person to ask, if one is wanted.

    Raises:
        UserError: Nobody is there.
    """
    if not wanted:
        return None
    if not sys.stdin.isatty():
        raise UserError(
            "there is no terminal to ask the template's questions on",
            hint=f"`ace member add {named} --answers FILE` (an example: templates/member/examples/sc.yaml), "
            "or --defaults",
            code="nobody-to-ask",
        )
    from ace.cli.show.asking import Terminal

    return Terminal()


def _templates() -> Path:
    return checkout() / "templates" / "member"


def _allocations(member: Member) -> dict[str, Any]:
    """A member's numbers as JSON."""
    return {
        "slot": member.allocation.slot,
        "ipv4": str(member.allocation.ipv4),
        "ipv6": str(member.allocation.ipv6),
        "data_centres": {
            centre.id: {
                "site": centre.site,
                "asn": centre.allocation.asn,
                "loopback4": str(centre.allocation.loopback4),
                "transit4": str(centre.allocation.transit4),
                "management4": str(centre.allocation.management4),
                "services4": str(centre.allocation.services4),
            }
            for centre in member.data_centres
        },
        "tenants": {
            tenant.name: {network.name: [str(network.ipv4), str(network.ipv6)] for network in tenant.networks}
            for tenant in member.tenants
        },
    }


def _allocation_lines(member: Member) -> list[tuple[str, str]]:
    lines = [
        ("ISO 3166 number", str(member.allocation.slot)),
        ("IPv4", str(member.allocation.ipv4)),
        ("IPv6", str(member.allocation.ipv6)),
    ]
    lines += [(f"ASN of {centre.id}", str(centre.allocation.asn)) for centre in member.data_centres]
    for tenant in member.tenants:
        networks = ", ".join(f"{network.name} {network.ipv4}" for network in tenant.networks)
        lines.append((f"tenant {tenant.name}", networks))
    return lines


def _next(member: Member) -> tuple[str, ...]:
    code = member.stack
    cloud = f"ace lab up {code}" if member.example else "write its clouds.yaml (OS_CLIENT_CONFIG_FILE)"
    return (
        "ace validate",
        f"git add CODEOWNERS ecosystem stacks inventories && git commit -m '{member.name.en} joins'",
        f"ace preview {code}",
        f"{cloud}; ace member check {code}",
        f"ace member activate {code} --reason ...",
        f"ace up {code}; ace configure {code}; ace publish {code}",
        "ace interconnect apply; ace catalogue build",
    )


def _file_json(change: Change) -> dict[str, str]:
    action = "created" if change.before is None else "removed" if change.after is None else "changed"
    return {"path": change.path, "action": action, "diff": change.diff}


def _print_diffs(changes: Sequence[Change]) -> None:
    for change in changes:
        for line in change.diff.splitlines():
            style = (
                "bold" if line.startswith(("---", "+++")) else {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            )
            stdout.print(line, style=style or None, markup=False)


def _print_list(title: str, lines: Sequence[str]) -> None:
    if lines:
        stdout.print(f"\n{title}", style="bold", markup=False)
    for line in lines:
        stdout.print(f"  {line}", markup=False)


def _print_findings(findings: Sequence[Finding]) -> None:
    for finding in findings:
        stderr.print(str(finding), markup=False)
