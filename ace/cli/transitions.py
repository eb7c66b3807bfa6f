"""`ace member list`, `activate`, `suspend`, `reinstate`, `remove`: a member's life cycle."""

from __future__ import annotations

import getpass
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ace.cli.options import AsOfOption, CountryArgument, Format, FormatOption, SpecOption
from ace.cli.show.output import Answer, answering, stderr, stdout
from ace.errors import RefusedError, UserError
from ace.files import timestamp
from ace.workspace.as_of import refuse_past, today
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from ace.membership.lifecycle import Verb
    from ace.membership.log import Transition
    from ace.membership.transition import Intent, Step
    from ace.operations.member_steps import Estate
    from ace.spec.values import Member

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; change nothing.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="The reason, for the log of transitions.")]
ApprovalsOption = Annotated[
    Path | None,
    typer.Option(
        "--approvals",
        metavar="FILE",
        dir_okay=False,
        help="What two approvers' `ace policy approve` printed (YAML list of approver and signature).",
    ),
]


def list_(spec: SpecOption = None, as_of: AsOfOption = None, format_: FormatOption = Format.TEXT) -> None:
    """List every member with its status and date, and what is overdue: candidates after 2 months, suspensions after 4."""
    from ace import spec as spec_room
    from ace.policy import judge_spec
    from ace.policy.rules.member_age import MEMBER_AGE

    with answering("member-list", format_) as answer:
        spec_dir = find_spec_dir(spec)
        loaded = spec_room.load(spec_dir)
        overdue = {
            finding.member: finding.message
            for finding in judge_spec(loaded, as_of or today()).findings
            if finding.rule == MEMBER_AGE.id
        }
        last = {transition.country: transition for transition in _log(spec_dir)}
        entries = [_entry(member, last.get(member.stack), overdue.get(member.stack, "")) for member in loaded.members]
        answer.body["members"] = entries
        if format_ is Format.JSON:
            return
        width = max((len(entry["name"]) for entry in entries), default=0)
        for entry in entries:
            kind = "  (illustration)" if entry["example"] else ""
            stdout.print(
                f"{entry['country']}  {entry['name']:<{width}}  {entry['status']:<10} since {entry['status_since']}  "
                f"{entry['data_centres']} data centre{'s' if entry['data_centres'] > 1 else ''}{kind}",
                style=_STYLES.get(entry["status"]),
                markup=False,
            )
            if entry["overdue"]:
                stdout.print(f"    {entry['overdue']}", style="yellow", markup=False)


_STYLES = {"suspended": "yellow", "leaving": "yellow", "left": "dim", "candidate": "cyan"}


def activate(
    country: CountryArgument,
    reason: ReasonOption = "",
    report_file: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE", dir_okay=False, help="The country's own report, with its signature in FILE.sig."
        ),
    ] = None,
    dry_run: DryRunOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Activate a candidate. It must have passed `ace member check` within 30 days, with its present file.

    The check was run here, or the country submits its report, signed with a key of its member file. Only the status
    and the log change; `ace up` then deploys the country.
    """
    from ace.membership.activation import require_fit
    from ace.membership.lifecycle import Verb, after
    from ace.membership.transition import now
    from ace.operations import fitness

    with answering("member-activate", format_) as answer:
        refuse_past(as_of)
        spec_dir = find_spec_dir(spec)
        at = _At(spec_dir, country, as_of)
        after(Verb.ACTIVATE, at.member.status, at.member.stack)
        last = (
            fitness.last_report(spec_dir.parent, at.member.stack)
            if report_file is None
            else fitness.signed_report(report_file, at.member, now())
        )
        report = require_fit(at.member, last, now())
        evidence = {
            "check": timestamp(report.at),
            "asked": report.asked,
            "signed": report_file is not None,
        }
        why = reason or "passed its fitness check"
        intent = at.intent(Verb.ACTIVATE, why, {"evidence": evidence})
        steps = [at.files(Verb.ACTIVATE, "status: active, and a line in the log")]
        _go(answer, at, intent, steps, dry_run=dry_run, format_=format_, next_=_live(at.member.stack))


def suspend(
    country: CountryArgument,
    reason: ReasonOption = "",
    approvals: ApprovalsOption = None,
    stop_servers: Annotated[bool, typer.Option("--stop-servers", help="Also stop the tenants' servers.")] = False,
    dry_run: DryRunOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Suspend a member: no routes, no listings, quotas of 0. Nothing is destroyed.

    Two of the region's approvers sign (`ace policy approve CC --suspension ...`), except for members marked `example: true`.
    If it is interrupted, run the same command again: it continues.
    """
    from ace.membership.lifecycle import Verb

    with answering("member-suspend", format_) as answer:
        refuse_past(as_of)
        at = _At(find_spec_dir(spec), country, as_of)
        at.require(Verb.SUSPEND, reason)
        signed = _approvals(approvals)
        evidence = {"approvers": [approver for approver, _ in signed], "stop_servers": stop_servers}
        options = {"approvals": [list(one) for one in signed], "evidence": evidence}
        intent = at.intent(Verb.SUSPEND, reason, options)
        estate = at.estate()
        steps = [
            at.files(Verb.SUSPEND, "status: suspended and why, and a line in the log"),
            *at.with_region(),
            estate.quotas("set the quotas of its tenants to 0; running servers are not stopped"),
        ]
        if stop_servers or intent.options["evidence"]["stop_servers"]:
            steps.append(estate.stop_servers(at.folder / STOPPED))
        _go(answer, at, intent, steps, dry_run=dry_run, format_=format_, next_=_REGION)


def reinstate(
    country: CountryArgument,
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Reinstate a suspended member, with everything as before. If it is interrupted, run the same command again."""
    from ace.membership.lifecycle import Verb

    with answering("member-reinstate", format_) as answer:
        refuse_past(as_of)
        at = _At(find_spec_dir(spec), country, as_of)
        at.require(Verb.REINSTATE, reason)
        intent = at.intent(Verb.REINSTATE, reason, {})
        estate = at.estate()
        steps = [
            at.files(Verb.REINSTATE, "status: active, as the file was before, and a line in the log"),
            estate.quotas("set the quotas of its tenants to those of its file"),
            estate.start_servers(at.folder / STOPPED),
            *at.with_region(),
        ]
        _go(answer, at, intent, steps, dry_run=dry_run, format_=format_, next_=_REGION)


def remove(
    country: CountryArgument,
    reason: ReasonOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: DryRunOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Remove a member: export its data, tear down all that ACE made, verify that it is gone, keep its numbers reserved.

    It cannot be undone: the tenants' resources are deleted too. Use `--dry-run` first. If it is interrupted, run it again.
    """
    from ace.membership.lifecycle import Verb

    with answering("member-remove", format_) as answer:
        refuse_past(as_of)
        at = _At(find_spec_dir(spec), country, as_of)
        at.require(Verb.REMOVE, reason)
        intent = at.intent(Verb.REMOVE, reason, {})
        at.require_no_hub()
        estate = at.estate()
        steps = [
            at.files(Verb.REMOVE, "status: leaving, and a line in the log"),
            *at.with_region(),
            estate.export(),
            estate.tear_down(),
            estate.verify(),
            at.files(
                Verb.DISSOLVE,
                "status: left; its entry in the register has the date, its numbers stay reserved",
                name="left",
            ),
        ]
        if not dry_run:
            sentence = f"this tears down all that ACE made in {at.member.name.en}, its tenants' data included"
            confirm(at.member, sentence, yes, f"ace member remove {at.member.stack}")
        _go(answer, at, intent, steps, dry_run=dry_run, format_=format_, next_=_REGION)


STOPPED = "stopped.json"
_REGION = ("git commit the spec folder, and let the others pull",)


def _approvals(file: Path | None) -> tuple[tuple[str, str], ...]:
    """Approver and signature of each approval in a file.

    Raises:
        UserError: There is none in it.
    """
    from ace.spec.source import read

    if file is None:
        return ()
    source = read(file, str(file), file.absolute().parent)
    listed = source.root.plain() if source.root is not None and not source.findings else None
    found = [
        (one["approver"], one["signature"])
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and isinstance(one.get("approver"), str) and isinstance(one.get("signature"), str)
    ]
    if not found or len(found) != len(listed or ()):
        raise UserError(
            f"{file} holds no list of approvals",
            hint="put what `ace policy approve` prints there: `- approver: ...` and `signature: ...` for each",
            code="no-approvals",
        )
    return tuple(found)


def _live(code: str) -> tuple[str, ...]:
    return (
        f"ace up {code}",
        f"ace configure {code}",
        f"ace publish {code}",
        "ace interconnect apply",
        "ace catalogue build",
    )


_EXAMPLES = {
    "suspend": "its security contact has not answered for a week",
    "reinstate": "the incident of 12 May is closed",
    "remove": "its membership ends by decision of the council of 3 June",
}


_PARTICIPLES = {
    "activate": "activated",
    "suspend": "suspended",
    "reinstate": "reinstated",
    "remove": "removed",
    "dissolve": "removed",
}


class _At:
    """A member in its place, and the steps that are common to transitions."""

    def __init__(self, spec_dir: Path, country: str, as_of: date | None) -> None:
        from ace import spec as spec_room

        self.spec_dir, self.today = spec_dir, as_of or today()
        self.spec = spec_room.load(spec_dir)
        self.member = self.spec.member(country)

    @property
    def root(self) -> Path:
        """ROOT."""
        return self.spec_dir.parent

    @property
    def folder(self) -> Path:
        """Where what is under way for this country is kept."""
        from ace.membership.writing import folder_of

        folder = folder_of(self.root) / self.member.stack
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def require(self, verb: Verb, reason: str) -> None:
        """Refuse what the table has no way for, unless it was begun; and what nobody gives a reason for.

        Raises:
            RefusedError: There is no such way.
            UserError: There is no reason.
        """
        from ace.membership import lifecycle, transition
        from ace.spec.values import MemberStatus

        if transition.under_way(self.folder) is not None:
            return
        if verb is lifecycle.Verb.SUSPEND and self.member.status is lifecycle.TABLE[verb, MemberStatus.ACTIVE]:
            return  # the region has suspended it; its effects are brought about where the credentials are
        if not (verb is lifecycle.Verb.REMOVE and self.member.status is MemberStatus.LEAVING):
            lifecycle.after(verb, self.member.status, self.member.stack)
        if not reason.strip():
            raise UserError(
                f"`{verb}` needs a reason, for the log",
                hint=f"add --reason, such as --reason '{_EXAMPLES[verb]}'",
                code="no-reason",
            )

    def estate(self) -> Estate:
        """The steps in its clouds; its stack's runs are shown."""
        from ace.cli.watched import run_for_steps
        from ace.operations.member_steps import Estate

        return Estate(self.spec_dir, self.member.stack, run_for_steps)

    def with_region(self) -> tuple[Step, Step]:
        """The steps at the hubs and in the catalogue."""
        from ace.cli.watched import run_playbook
        from ace.operations.region_steps import with_region

        return with_region(self.spec_dir, self.member, run_playbook)

    def require_no_hub(self) -> None:
        """Refuse to remove who hosts a hub that others go through.

        Raises:
            RefusedError: It does.
        """
        hubs = [hub.id for hub in self.spec.region.hubs if hub.hosted_by == self.member.code]
        if hubs:
            raise RefusedError(
                f"{self.member.name.en} hosts hub {', '.join(hubs)}, through which others reach each other",
                hint=f"let another country host it first: `hosted_by:` in {self.spec_dir.name}/ecosystem.yaml",
                code="hosts-a-hub",
            )

    def intent(self, verb: Verb, reason: str, options: Mapping[str, Any]) -> Intent:
        """What was begun and not finished, else what is to be done now.

        Raises:
            UserError: Something else is under way.
        """
        from ace.membership import transition

        begun = timestamp(transition.now())
        fresh = transition.Intent(verb, self.member.stack, reason, who(), begun, options)
        return transition.begin(transition.under_way(self.folder), fresh, self.member.stack)

    def files(self, verb: Verb, would: str, name: str = "status") -> Step:
        """The step that changes the member's status, and whatever files go with it, as one."""
        from ace import spec as spec_room
        from ace.membership import lifecycle, transition, writing

        def act(intent: Intent) -> transition.Done:
            member = spec_room.load(self.spec_dir).member(self.member.code)
            to = lifecycle.TABLE.get((verb, member.status))
            if to is None and member.status in {end for (known, _), end in lifecycle.TABLE.items() if known is verb}:
                return transition.Done(f"{member.stack} is {member.status}")
            made = transition.changes(
                self.spec_dir,
                member,
                verb,
                by=intent.by,
                at=transition.now(),
                reason=intent.reason,
                evidence=intent.options.get("evidence", {}),
                today=self.today,
                approvals=[(approver, signature) for approver, signature in intent.options.get("approvals", ())],
            )
            self.judge(made, verb)
            writing.write(self.root, made)
            return transition.Done(f"{member.stack} was {member.status} and is {to}")

        return transition.Step(name, would, act)

    def judge(self, made: Sequence[Any], verb: Verb) -> None:
        """Refuse what the whole region would not be valid with, and what its rules refuse of this member.

        Who is suspended or leaves may break any rule but that of two persons.
        """
        from ace.membership import writing
        from ace.membership.lifecycle import Verb
        from ace.policy import Judgement, judge_spec
        from ace.policy.refusal import refusal
        from ace.policy.rules.suspension_two_persons import SUSPENSION_TWO_PERSONS

        judged, _ = writing.check_changes(self.spec_dir, made)
        found = judge_spec(judged, self.today).findings
        if verb not in (Verb.ACTIVATE, Verb.REINSTATE):
            found = tuple(finding for finding in found if finding.rule == SUSPENSION_TWO_PERSONS.id)
        if refused := refusal(Judgement(self.today, found), self.member.stack, _PARTICIPLES[str(verb)]):
            raise refused


def _go(
    answer: Answer,
    at: _At,
    intent: Intent,
    steps: Sequence[Step],
    *,
    dry_run: bool,
    format_: Format,
    next_: Sequence[str],
) -> None:
    """Carry a transition out, or say what it would do."""
    from ace.membership import transition, writing

    member, verb = at.member, intent.verb
    answer.body |= {"country": member.stack, "verb": str(verb), "reason": intent.reason, "dry_run": dry_run}
    if dry_run:
        answer.body["steps"] = [{"step": step.name, "would": step.would} for step in steps]
        if format_ is Format.TEXT:
            stdout.print(f"{verb} {member.name.en}: nothing is done; it would", markup=False)
            for step in steps:
                stdout.print(f"  {step.name:<12} {step.would}", markup=False)
        return
    done: list[dict[str, str]] = []
    answer.body["steps"] = done

    def tell(name: str, told: str) -> None:
        done.append({"step": name, "did": told})
        if format_ is Format.TEXT:
            stdout.print(f"  {name:<12} {told}", markup=False)

    with writing.alone(at.root):
        if transition.under_way(at.folder) is not None:
            stderr.print(f"continuing what was started on {intent.begun}", markup=False)
        transition.carry_out(at.folder, intent, steps, tell)
    recorded = [one for one in _log(at.spec_dir) if one.country == member.stack]
    if recorded:
        answer.body["transition"] = _transition_json(recorded[-1])
    answer.body["next"] = list(next_)
    if format_ is Format.TEXT and next_:
        stdout.print("Next:", style="bold")
        for line in next_:
            stdout.print(f"  {line}", markup=False)


def who() -> str:
    """Who runs this: the login name and the machine."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):
        return f"uid@{socket.gethostname()}"


def confirm(member: Member, sentence: str, yes: bool, command: str) -> None:
    """Let the person type the country's code.

    Raises:
        UserError: There is nobody to ask, or the answer is another.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            f"{sentence}, and there is no terminal to ask on",
            hint=f"look with `{command} --dry-run`; if it is meant: `{command} --yes`",
            code="not-confirmed",
        )
    stderr.print(f"{sentence}. It cannot be undone.", markup=False)
    typed = typer.prompt(f"Type {member.stack} to continue", default="", show_default=False, err=True)
    if typed.strip().lower() != member.stack:
        raise UserError("not confirmed; nothing was changed", code="not-confirmed")


def _log(spec_dir: Path) -> tuple[Transition, ...]:
    from ace.membership import log
    from ace.membership.writing import text_of

    return log.read(text_of(spec_dir.parent, f"{spec_dir.name}/{log.FILE}") or "")[0]


def _entry(member: Member, last: Transition | None, overdue: str) -> dict[str, Any]:
    since = last.at.date() if last is not None and last.to is member.status else member.since
    return {
        "country": member.stack,
        "name": member.name.en,
        "status": str(member.status),
        "status_since": str(since),
        "member_since": str(member.since),
        "example": member.example,
        "data_centres": len(member.data_centres),
        "last_transition": _transition_json(last) if last else None,
        "overdue": overdue,
    }


def _transition_json(one: Transition) -> dict[str, Any]:
    return {
        "at": timestamp(one.at),
        "from": str(one.origin),
        "to": str(one.to),
        "by": one.by,
        "reason": one.reason,
    }
