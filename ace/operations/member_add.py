"""A new member from the template, or a member's file brought to the newest template. Files are written all, or none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ace.errors import Finding, UserError
from ace.membership import joining, writing
from ace.membership.answers import Asker, read_answers
from ace.membership.joining import Joining, Updating
from ace.policy import judge_spec
from ace.policy.refusal import refusal
from ace.spec import load
from ace.spec.iso3166 import Country
from ace.spec.values import Member
from ace.workspace.as_of import refuse_past, today
from ace.workspace.root import checkout


@dataclass(frozen=True, slots=True)
class Joined:
    """A new member: its files, and it as the spec has it with them."""

    member: Member
    files: Joining
    written: bool
    still_needed: tuple[str, ...]
    """What the country must still supply."""
    findings: tuple[Finding, ...]
    """Warnings about its file."""
    next: tuple[str, ...]
    """What to type next."""


@dataclass(frozen=True, slots=True)
class Updated:
    """A member's file with the newest template."""

    country: Country
    files: Updating
    written: bool
    conflict: UserError | None
    """Where the template and the country changed the same lines, and what to do about it."""


def join(
    spec_dir: Path,
    country: str,
    *,
    answers: Path | None = None,
    asker: Asker | None = None,
    dry_run: bool = False,
    as_of: date | None = None,
) -> Joined:
    """Add a country as a candidate: its files, its entry in the register, its numbers. The whole region is validated first.

    Args:
        spec_dir: The spec folder.
        country: An ISO 3166-1 alpha-2 code, in any case.
        answers: A file of answers to the template's questions (YAML); what it lacks is asked, or has its default.
        asker: Who is asked; None: every other answer is the default.
        dry_run: Write nothing.
        as_of: The day by which rules are evaluated; today or later.

    Raises:
        UserError: It is, or was, a member; or another `ace member` is at work.
        SpecError: Answers are wrong, or the spec would have errors.
        RefusedError: The rules refuse it.
    """
    refuse_past(as_of)
    day, whose = as_of or today(), joining.country_of(country)
    with writing.alone(spec_dir.parent):
        spec = load(spec_dir)
        given = read_answers(answers) if answers is not None else None
        files = joining.join(spec_dir, spec, whose, _templates(), day, given, asker)
        changed, findings = writing.check_changes(spec_dir, files.changes)
        member = changed.member(whose.alpha2)
        if refused := refusal(judge_spec(changed, day), member.stack, "taken in"):
            raise refused
        if not dry_run:
            writing.write(spec_dir.parent, files.changes)
    own = tuple(finding for finding in findings if finding.file == member.file)
    return Joined(member, files, not dry_run, joining.still_needed(member), own, _next(member))


def update(
    spec_dir: Path, country: str, *, asker: Asker | None = None, dry_run: bool = False, as_of: date | None = None
) -> Updated:
    """Bring a member's file to the newest template; the country's own text is kept.

    Args:
        spec_dir: The spec folder.
        country: The member's code, in any case.
        asker: Who answers questions that are new; None: they have their defaults.
        dry_run: Write nothing.
        as_of: A date before today is refused.

    Raises:
        UserError: The member was not made from a template; or another `ace member` is at work.
        SpecError: The spec would have errors.
    """
    refuse_past(as_of)
    whose = joining.country_of(country)
    with writing.alone(spec_dir.parent):
        region = load(spec_dir).region
        files = joining.update(spec_dir, region, whose, _templates(), asker)
        if not files.conflicts:
            writing.check_changes(spec_dir, files.changes)
        if not dry_run and files.changes:
            writing.write(spec_dir.parent, files.changes)
    conflict = _conflict(spec_dir, whose, files) if files.conflicts else None
    return Updated(whose, files, bool(files.changes) and not dry_run, conflict)


def _conflict(spec_dir: Path, country: Country, files: Updating) -> UserError:
    paths = joining.Places.of(spec_dir, country)
    lines = ", ".join(f"{paths.member}:{line}" for line in files.conflicts)
    return UserError(
        f"the template and {country.en} changed the same lines; they are marked at {lines}",
        hint=f"keep what is right, delete the marks (<<<<<<< ======= >>>>>>>), then `ace validate`; "
        f"or undo it all: `git checkout {paths.member} {paths.answers}`",
        code="merge-conflict",
    )


def _templates() -> Path:
    return checkout() / "templates" / "member"


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
