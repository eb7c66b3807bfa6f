"""Which countries run: from country codes to stacks with their engines."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ace.errors import RefusedError, UserError
from ace.fleet.run import Excluded
from ace.fleet.stacks import StackJob
from ace.spec.values import Member, MemberStatus
from ace.workspace import clouds_file, engines, passphrase
from ace.workspace.engines import EngineName
from ace.workspace.fingerprint import fingerprint
from ace.workspace.root import checkout
from ace.workspace.workspace import Workspace

if TYPE_CHECKING:
    from ace.engine.contract import Engine, Stack
    from ace.policy.values import Judgement

LOCAL = "local"
"""The backend of a country that keeps its state below ROOT."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which countries run, each with its stack and engine, and why others do not."""

    jobs: tuple[StackJob, ...]
    members: Mapping[str, Member]
    not_run: Mapping[str, Excluded | UserError]
    note: str = ""
    """What to tell of engines, if it is not what a reader would expect."""
    unseen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Countries that run without their clouds being asked, and which clouds have no entry here."""


def select(
    workspace: Workspace,
    named: Sequence[str],
    engine: EngineName,
    *,
    active_only: bool,
    candidates: bool = False,
    unseen: bool = False,
) -> Selection:
    """The countries of a command: those named, else every active one.

    A country that is not named and has no cloud here is left out; a named one then fails.

    Args:
        workspace: The ROOT.
        named: Codes in any case.
        engine: As asked for.
        active_only: Whether only active members may be run (a member that has left may still be torn down).
        candidates: Whether candidates that are named may be run as well.
        unseen: Whether one that is named, and of which there is nothing yet, may be run without asking a cloud.

    Raises:
        UserError: A name is no member's, or no country can be run at all.
    """
    members = [workspace.spec.member(name) for name in named] or list(workspace.spec.active)
    members = list({member.code: member for member in members}.values())
    jobs: list[StackJob] = []
    not_run: dict[str, Excluded | UserError] = {}
    built: dict[EngineName, Engine] = {}
    without: dict[str, tuple[str, ...]] = {}
    for member in members:
        may_run = member.status is MemberStatus.ACTIVE or (candidates and member.status is MemberStatus.CANDIDATE)
        if active_only and not may_run:
            cause = f"{member.code} is {member.status}, not active ({member.file})"
            not_run[member.stack] = Excluded("not-active", cause)
            continue
        missing = workspace.clouds.missing(member)
        if missing and unseen and named and _is_new(workspace, member, engine):
            jobs.append(StackJob(stack_of(workspace, member, has_secrets=False), engines.unseen()))
            without[member.stack] = missing
            continue
        if missing:
            error = clouds_file.no_entry(member, missing, workspace.clouds)
            not_run[member.stack] = error if named else Excluded(error.code, error.message)
            continue
        try:
            choice = engines.choose(
                engine, member.stack, workspace.layout.state(member.stack), has_backend=member.state.backend != LOCAL
            )
            stack = stack_of(workspace, member)
        except UserError as error:
            not_run[member.stack] = error
            continue
        if choice not in built:
            built[choice] = engines.build(choice)
        jobs.append(StackJob(stack, built[choice]))
    _forbid_sharing(workspace, jobs)
    if not jobs:
        raise _nobody(not_run)
    known = {member.stack: member for member in members}
    return Selection(tuple(jobs), known, not_run, _note(jobs, engine), without)


def refusals(chosen: Selection, judgement: Judgement) -> dict[str, RefusedError]:
    """Those countries of a selection that the policies refuse, and why."""
    from ace.policy.refusal import refusal

    found = {job.stack.name: refusal(judgement, job.stack.name, "deployed") for job in chosen.jobs}
    return {name: error for name, error in found.items() if error is not None}


def hold_back(chosen: Selection, judgement: Judgement) -> Selection:
    """The selection without those countries that the policies refuse; each is named, the others go on.

    Raises:
        RefusedError: No country is left.
    """
    refused = refusals(chosen, judgement)
    jobs = tuple(job for job in chosen.jobs if job.stack.name not in refused)
    if refused and not jobs:
        raise next(iter(refused.values()))
    return replace(chosen, jobs=jobs, not_run={**chosen.not_run, **refused})


def one(workspace: Workspace, named: str, engine: EngineName) -> StackJob:
    """The job of one country, whatever its status; its clouds need not be known.

    Raises:
        UserError: It is no member, or cannot be run.
    """
    member = workspace.spec.member(named)
    state_dir = workspace.layout.state(member.stack)
    # What is only read is read where it is, whatever the member file says by now: so it can be moved to where that says.
    backend = member.state.backend != LOCAL and engines.holder(state_dir) is not EngineName.EMBEDDED
    choice = engines.choose(engine, member.stack, state_dir, has_backend=backend)
    return StackJob(stack_of(workspace, member), engines.build(choice))


def stack_of(workspace: Workspace, member: Member, *, has_secrets: bool = True) -> Stack:
    """The stack of a country.

    Args:
        workspace: The ROOT.
        member: The country.
        has_secrets: Whether its state is read or written; else it needs no passphrase.

    Raises:
        UserError: There is no passphrase for its secrets.
    """
    from ace.engine.contract import Stack

    environment = {clouds_file.VARIABLE: str(workspace.clouds.path), "ACE_SPEC": str(workspace.spec_dir)}
    if member.state.backend != LOCAL:
        environment["PULUMI_BACKEND_URL"] = member.state.backend
    return Stack(
        name=member.stack,
        program_dir=checkout(),
        state_dir=workspace.layout.state(member.stack),
        passphrase=passphrase.of(workspace.root, member.stack, may_make=workspace.clouds.is_lab) if has_secrets else "",
        environment=environment,
        fingerprint=fingerprint(checkout(), workspace.spec_dir, environment),
    )


def _is_new(workspace: Workspace, member: Member, engine: EngineName) -> bool:
    """Whether there is no state of it anywhere that this engine would have to look into."""
    is_elsewhere = member.state.backend != LOCAL or engine is EngineName.PULUMI
    return not is_elsewhere and engines.holder(workspace.layout.state(member.stack)) is None


def _note(jobs: Sequence[StackJob], asked: EngineName) -> str:
    """Which countries stay with an engine that they would not get if they had no state."""
    staying = [job for job in jobs if job.engine.name != engines.default() and engines.holder(job.stack.state_dir)]
    if asked is not EngineName.AUTO or not staying:
        return ""
    return f"engine {staying[0].engine.name} for {', '.join(job.stack.name for job in staying)}: it holds the state"


def _forbid_sharing(workspace: Workspace, jobs: Sequence[StackJob]) -> None:
    """Outside a lab, countries never share a passphrase."""
    if len(jobs) > 1 and passphrase.is_given() and not workspace.clouds.is_lab:
        given = next(variable for variable in passphrase.VARIABLES if variable in os.environ)
        raise UserError(
            f"{given} gives {len(jobs)} countries the same passphrase, and outside a lab each has its own",
            hint=f"name one country, or unset {given} and put each country's into "
            f"{workspace.layout.passphrase('<cc>')} (mode 0600)",
            code="shared-passphrase",
        )


def _nobody(not_run: Mapping[str, Excluded | UserError]) -> UserError:
    """What to say when not one country can be run."""
    if not not_run:
        return UserError("the spec has no active member", hint="see `ace validate`", code="no-members")
    errors = [why for why in not_run.values() if isinstance(why, UserError)]
    lines = [f"{name}: {why.message if isinstance(why, UserError) else why.cause}" for name, why in not_run.items()]
    if len(lines) == 1 and errors:
        return errors[0]
    hint = errors[0].hint if errors else "name a member that is active and whose cloud is at hand"
    code = errors[0].code if errors else next(why.reason for why in not_run.values() if isinstance(why, Excluded))
    return UserError("no country can be run:\n" + "\n".join(f"  {line}" for line in lines), hint=hint, code=code)
