"""Which countries take part in a run, and why others do not: from codes to stacks with their engines."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

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


J = TypeVar("J")


@dataclass(frozen=True, slots=True)
class Chosen(Generic[J]):
    """A country that takes part: its stack with an engine, or its hosts."""

    member: Member
    job: J
    without_clouds: tuple[str, ...] = ()
    """Its clouds that have no entry here, where it takes part without their being asked."""


@dataclass(frozen=True, slots=True)
class Selection(Generic[J]):
    """For each country whether it takes part, is none of this run's (a value, never a failure), or cannot be run."""

    countries: Mapping[str, Chosen[J] | Excluded | UserError]
    note: str = ""
    """What to tell of engines, if it is not what a reader would expect."""

    @property
    def chosen(self) -> Mapping[str, Chosen[J]]:
        """Those that take part."""
        return {name: one for name, one in self.countries.items() if isinstance(one, Chosen)}

    @property
    def jobs(self) -> tuple[J, ...]:
        """What is to be run."""
        return tuple(one.job for one in self.chosen.values())

    @property
    def not_run(self) -> Mapping[str, Excluded | UserError]:
        """Those that do not take part, and why."""
        return {name: one for name, one in self.countries.items() if not isinstance(one, Chosen)}

    @property
    def without_clouds(self) -> Mapping[str, tuple[str, ...]]:
        """Those that take part without their clouds being asked, and which clouds have no entry here."""
        return {name: one.without_clouds for name, one in self.chosen.items() if one.without_clouds}

    def chosen_among(self, countries: Collection[str]) -> Selection[J]:
        """Only those of these countries that take part."""
        return replace(self, countries={name: one for name, one in self.chosen.items() if name in countries})


def select(
    workspace: Workspace,
    named: Sequence[str],
    engine: EngineName,
    *,
    active_only: bool,
    candidates: bool = False,
    plan_without_clouds: bool = False,
) -> Selection[StackJob]:
    """The stacks of a command's countries: those named, else every active one.

    Args:
        workspace: The ROOT.
        named: Codes in any case.
        engine: As asked for.
        active_only: Whether only active members may be run (a member that has left may still be torn down).
        candidates: Whether candidates that are named may be run as well.
        plan_without_clouds: Whether one that is named, and of which there is nothing yet, may be run without asking a cloud.

    Raises:
        UserError: A name is no member's, or no country can be run at all.
    """
    built: dict[EngineName, Engine] = {}
    statuses = frozenset(MemberStatus)
    if active_only:
        statuses = frozenset({MemberStatus.ACTIVE, *([MemberStatus.CANDIDATE] if candidates else [])})
    countries: dict[str, Chosen[StackJob] | Excluded | UserError] = {}
    for member in members_of(workspace, named):
        missing = workspace.clouds.missing(member)
        if (
            member.status in statuses
            and missing
            and plan_without_clouds
            and named
            and _is_new(workspace, member, engine)
        ):
            job = StackJob(stack_of(workspace, member, has_secrets=False), engines.offline())
            countries[member.stack] = Chosen(member, job, missing)
            continue
        if (why := why_not(workspace, member, statuses)) is not None:
            countries[member.stack] = unless_named(why, is_named=bool(named))
            continue
        try:
            choice = engines.choose(
                engine, member.stack, workspace.layout.state(member.stack), has_backend=member.state.backend != LOCAL
            )
            stack = stack_of(workspace, member)
        except UserError as error:
            countries[member.stack] = error
            continue
        if choice not in built:
            built[choice] = engines.build(choice)
        countries[member.stack] = Chosen(member, StackJob(stack, built[choice]))
    found = Selection(countries)
    _forbid_sharing(workspace, found.jobs)
    if not found.jobs:
        raise nobody(found.not_run)
    return replace(found, note=_note(found.jobs, engine))


def members_of(workspace: Workspace, named: Sequence[str], among: Collection[str] | None = None) -> Sequence[Member]:
    """The members of a command: those named, else every active one (of these countries), each once.

    Raises:
        UserError: A name is no member's.
    """
    members = [workspace.spec.member(name) for name in named]
    if not named:
        members = [one for one in workspace.spec.active if among is None or one.stack in among]
    return list({member.code: member for member in members}.values())


def why_not(workspace: Workspace, member: Member, statuses: Collection[MemberStatus]) -> Excluded | UserError | None:
    """Why a country takes no part: its status, or an error that says what is missing here; None when it does."""
    if member.status not in statuses:
        return Excluded("not-active", f"{member.code} is {member.status}, not active ({member.file})")
    if missing := workspace.clouds.missing(member):
        return clouds_file.no_entry(member, missing, workspace.clouds)
    return None


def unless_named(why: Excluded | UserError, *, is_named: bool) -> Excluded | UserError:
    """A country that cannot be run from here is excluded; only where a person named it, that is an error."""
    return why if is_named or isinstance(why, Excluded) else Excluded(why.code, why.message)


def refusals(selection: Selection[StackJob], judgement: Judgement) -> dict[str, RefusedError]:
    """Those countries of a selection that the policies refuse, and why."""
    from ace.policy.refusal import refusal

    found = {name: refusal(judgement, name, "deployed") for name in selection.chosen}
    return {name: error for name, error in found.items() if error is not None}


def hold_back(selection: Selection[StackJob], judgement: Judgement) -> Selection[StackJob]:
    """The selection without those countries that the policies refuse; each is named, the others go on.

    Raises:
        RefusedError: No country is left.
    """
    refused = refusals(selection, judgement)
    if refused and len(refused) == len(selection.chosen):
        raise next(iter(refused.values()))
    return replace(selection, countries={**selection.countries, **refused})


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


def nobody(
    not_run: Mapping[str, Excluded | UserError], headline: str = "no country can be run", code: str = ""
) -> UserError:
    """The error when not one country can be run.

    Args:
        not_run: Why each cannot.
        headline: What is not possible.
        code: The error's code where several countries have several reasons; empty: the first one's.
    """
    if not not_run:
        return UserError("the spec has no active member", hint="see `ace validate`", code="no-members")
    errors = [why for why in not_run.values() if isinstance(why, UserError)]
    lines = [f"{name}: {why.message if isinstance(why, UserError) else why.cause}" for name, why in not_run.items()]
    if len(lines) == 1 and errors:
        return errors[0]
    hint = errors[0].hint if errors else "name a member that is active and whose cloud is at hand"
    first = errors[0].code if errors else next(why.reason for why in not_run.values() if isinstance(why, Excluded))
    return UserError(f"{headline}:\n" + "\n".join(f"  {line}" for line in lines), hint=hint, code=code or first)
