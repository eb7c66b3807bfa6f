"""A change of a member's status: what it needs to know, its files, its steps carried out one after the other."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from ace.errors import UserError
from ace.files import timestamp
from ace.membership import lifecycle, writing
from ace.membership import transition as under
from ace.membership.lifecycle import Verb
from ace.membership.log import Transition
from ace.membership.transition import Done, Intent, Step
from ace.membership.writing import Change, folder_of
from ace.operations.deploy import deploy
from ace.operations.interconnect_apply import RunPlaybook
from ace.operations.member_list import transitions
from ace.operations.member_steps import Estate, RunDeployment
from ace.operations.playbook import run_plan
from ace.policy import Judgement, judge_spec
from ace.policy.refusal import refusal
from ace.policy.rules.suspension_two_persons import SUSPENSION_TWO_PERSONS
from ace.spec import load
from ace.spec.values import Member, MemberStatus, Spec
from ace.workspace.as_of import today

STOPPED: Final = "stopped.json"
"""Which servers a suspension stopped."""
_EXAMPLES: Final = {
    "suspend": "its security contact has not answered for a week",
    "reinstate": "the incident of 12 May is closed",
    "remove": "its membership ends by decision of the council of 3 June",
}
_PARTICIPLES: Final = {
    "activate": "activated",
    "suspend": "suspended",
    "reinstate": "reinstated",
    "remove": "removed",
    "dissolve": "removed",
}


@dataclass(frozen=True, slots=True)
class Runs:
    """How the steps of a transition run stacks and playbooks: the caller shows these runs or does not."""

    deployment: RunDeployment = deploy
    playbook: RunPlaybook = run_plan


UNSHOWN: Final = Runs()


@dataclass(frozen=True, slots=True)
class Resumed:
    """An earlier run of the same command did not finish; this one continues it."""

    begun: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step ended, or had ended before; `did` is a sentence."""

    name: str
    did: str


TransitionEvent = Resumed | StepDone


@dataclass(frozen=True, slots=True)
class MemberHere:
    """A member and the ROOT in which its status changes."""

    spec_dir: Path
    spec: Spec
    member: Member
    day: date
    """By which rules are evaluated, and which the files get."""

    @property
    def root(self) -> Path:
        """ROOT."""
        return self.spec_dir.parent

    @property
    def folder(self) -> Path:
        """Where it is kept how far a transition of this country is; made if it is not there.

        Raises:
            UserError: It cannot be made.
        """
        folder = folder_of(self.root) / self.member.stack
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def estate(self, runs: Runs) -> Estate:
        """The steps in its clouds."""
        return Estate(self.spec_dir, self.member.stack, runs.deployment)


@dataclass(frozen=True, slots=True)
class TransitionPlan:
    """A transition that is about to be carried out, or continued."""

    here: MemberHere
    intent: Intent
    steps: tuple[Step, ...]
    next: tuple[str, ...]
    """What to type when it is done."""


@dataclass(frozen=True, slots=True)
class TransitionResult:
    """What the steps did, and the line in the log."""

    steps: tuple[StepDone, ...]
    transition: Transition | None


def member_here(spec_dir: Path, country: str, as_of: date | None) -> MemberHere:
    """A member, by its code in any case.

    Raises:
        UserError: It is none, or the spec has errors.
    """
    spec = load(spec_dir)
    return MemberHere(spec_dir, spec, spec.member(country), as_of or today())


def carry_out(plan: TransitionPlan, sink: Callable[[TransitionEvent], None] = lambda _event: None) -> TransitionResult:
    """Carry out the steps that are not done yet, each noted when it ends, so that the same command continues after a crash.

    Args:
        plan: What is done.
        sink: Takes each step as it ends.

    Raises:
        UserError: A step failed; the same command continues with it.
    """
    here, done = plan.here, list[StepDone]()

    def ended(name: str, did: str) -> None:
        done.append(StepDone(name, did))
        sink(done[-1])

    with writing.alone(here.root):
        if under.under_way(here.folder) is not None:
            sink(Resumed(plan.intent.begun))
        under.carry_out(here.folder, plan.intent, plan.steps, ended)
    recorded = [one for one in transitions(here.spec_dir) if one.country == here.member.stack]
    return TransitionResult(tuple(done), recorded[-1] if recorded else None)


def require(here: MemberHere, verb: Verb, reason: str) -> None:
    """Refuse what the member's status does not allow, and what has no reason; what was begun before is continued.

    Raises:
        RefusedError: The status does not allow it.
        UserError: There is no reason.
    """
    member = here.member
    if under.under_way(here.folder) is not None:
        return
    if verb is Verb.SUSPEND and member.status is lifecycle.TABLE[verb, MemberStatus.ACTIVE]:
        return  # the region has suspended it; the steps in its clouds are taken where the credentials are
    if not (verb is Verb.REMOVE and member.status is MemberStatus.LEAVING):
        lifecycle.after(verb, member.status, member.stack)
    if not reason.strip():
        raise UserError(
            f"`{verb}` needs a reason, for the log",
            hint=f"add --reason, such as --reason '{_EXAMPLES[verb]}'",
            code="no-reason",
        )


def intent_of(here: MemberHere, verb: Verb, reason: str, options: Mapping[str, Any]) -> Intent:
    """What was begun and not finished, else what is to be done now.

    Raises:
        UserError: Another transition of the member is not finished.
    """
    fresh = Intent(verb, here.member.stack, reason, who(), timestamp(under.now()), options)
    return under.begin(under.under_way(here.folder), fresh, here.member.stack)


def files_step(here: MemberHere, verb: Verb, would: str, name: str = "status") -> Step:
    """The step that changes the member's status, and whatever files go with it, as one."""

    def act(intent: Intent) -> Done:
        member = load(here.spec_dir).member(here.member.code)
        to = lifecycle.TABLE.get((verb, member.status))
        if to is None and member.status in {end for (known, _), end in lifecycle.TABLE.items() if known is verb}:
            return Done(f"{member.stack} is {member.status}")
        made = under.changes(
            here.spec_dir,
            member,
            verb,
            by=intent.by,
            at=under.now(),
            reason=intent.reason,
            evidence=intent.options.get("evidence", {}),
            today=here.day,
            approvals=[(approver, signature) for approver, signature in intent.options.get("approvals", ())],
        )
        _require_valid(here, made, verb)
        writing.write(here.root, made)
        return Done(f"{member.stack} was {member.status} and is {to}")

    return Step(name, would, act)


def _require_valid(here: MemberHere, made: Sequence[Change], verb: Verb) -> None:
    """Refuse changes with which the region would not be valid, and what its rules refuse of this member.

    A member that is suspended or leaves may break any rule except that of two persons.

    Raises:
        SpecError: The spec would have errors.
        RefusedError: The rules refuse it.
    """
    changed, _ = writing.check_changes(here.spec_dir, made)
    found = judge_spec(changed, here.day).findings
    if verb not in (Verb.ACTIVATE, Verb.REINSTATE):
        found = tuple(finding for finding in found if finding.rule == SUSPENSION_TWO_PERSONS.id)
    if refused := refusal(Judgement(here.day, found), here.member.stack, _PARTICIPLES[str(verb)]):
        raise refused


def who() -> str:
    """Who runs this: the login name and the machine."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):
        return f"uid@{socket.gethostname()}"
