"""What the policies say, as commands tell it: at places in files, or as a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ace.errors import Finding, RefusedError, Severity
from ace.layout import Layout

if TYPE_CHECKING:
    from ace.policy.change import Known
    from ace.policy.values import Judgement, PolicyFinding
    from ace.spec.load import Sources
    from ace.workspace.selection import Selection


def as_findings(sources: Sources, found: Iterable[PolicyFinding]) -> tuple[Finding, ...]:
    """Policy findings at their file, line and column, in the order of the files; what is waived is a note."""
    from ace.spec.places import locate

    return tuple(
        sorted(
            {
                locate(
                    sources,
                    finding.place,
                    finding.rule,
                    Severity.NOTE if finding.waiver is not None else finding.severity,
                    _told(finding),
                )
                for finding in found
            }
        )
    )


def _told(finding: PolicyFinding) -> str:
    """The message as a list of findings shows it, with how bad it is unless it stops."""
    along = ", ".join(str(subject) for subject in finding.takes_along)
    what = f"{finding.message}{f' (goes with it: {along})' if along and finding.stops else ''}"
    return f"{finding.rule}: {what}"


def as_json(finding: PolicyFinding) -> dict[str, Any]:
    """A policy finding for machines."""
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "member": finding.member,
        "subject": str(finding.subject),
        "fact": finding.fact,
        "remedy": finding.remedy,
        "takes_along": [str(subject) for subject in finding.takes_along],
        "waived_until": finding.waiver.until.isoformat() if finding.waiver is not None else None,
        "place": {"file": finding.place.file, "path": str(finding.place)},
    }


def refusal(judgement: Judgement, stack: str, verb: str) -> RefusedError | None:
    """Why a country is not deployed or published; None when nothing is in the way."""
    errors = judgement.errors_of(stack)
    if not errors:
        return None
    lines = "\n".join(f"  {finding.rule}: {finding.fact}" for finding in errors)
    return RefusedError(
        f"{stack} is not {verb}: {len(errors)} {'rule says' if len(errors) == 1 else 'findings of rules say'} no "
        f"as of {judgement.as_of}\n{lines}",
        hint="\n  ".join(dict.fromkeys((f"{errors[0].remedy}", *(finding.remedy for finding in errors[1:])))),
        code="refused-by-policy",
    )


def refusals(chosen: Selection, judgement: Judgement) -> dict[str, RefusedError]:
    """Those countries of a selection that the policies refuse, and why."""
    said = {job.stack.name: refusal(judgement, job.stack.name, "deployed") for job in chosen.jobs}
    return {name: error for name, error in said.items() if error is not None}


def hold_back(chosen: Selection, judgement: Judgement) -> Selection:
    """The selection without those countries that the policies refuse; each is told of, the others go on.

    Raises:
        RefusedError: No country is left.
    """
    from dataclasses import replace

    refused = refusals(chosen, judgement)
    jobs = tuple(job for job in chosen.jobs if job.stack.name not in refused)
    if refused and not jobs:
        raise next(iter(refused.values()))
    return replace(chosen, jobs=jobs, not_run={**chosen.not_run, **refused})


def tell_refusals(refused: Mapping[str, RefusedError]) -> None:
    """What `ace up` would refuse, for people."""
    from ace.cli.output import stderr

    for name in sorted(refused):
        stderr.print(f"\n`ace up` would refuse this: {refused[name].message}", markup=False)
        stderr.print(f"what to do: {refused[name].hint}", markup=False)


# ------------------------------------------------------------------------------ what an up left, and what a change would do


def remember(root: Path, judgement: Judgement, stacks: Iterable[str]) -> None:
    """Keep what the rules found of countries that were just deployed: what a later preview compares with.

    Raises:
        UserError: It cannot be written.
    """
    from ace.errors import UserError
    from ace.files import put
    from ace.policy.change import known

    for stack in stacks:
        file, found = Layout(root).policy_findings(stack), known(judgement.findings, stack)
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            put(file, json.dumps([asdict(one) for one in found], indent=1) + "\n")
        except OSError as error:
            raise UserError(f"{file} cannot be written: {error.strerror}", code="no-file") from None


def changes(root: Path, judgement: Judgement, stacks: Iterable[str]) -> dict[str, dict[str, tuple[Known, ...]]]:
    """By country, `caused` and `cured`: what the spec would change since the last `ace up`; before the first, all is caused."""
    from ace.policy.change import changed, known

    found = {}
    for stack in stacks:
        caused, cured = changed(_remembered(root, stack), known(judgement.findings, stack))
        found[stack] = {"caused": caused, "cured": cured}
    return found


def _remembered(root: Path, stack: str) -> tuple[Known, ...]:
    """What the last `ace up` left; nothing before the first. A damaged note counts as none: nothing hangs on it but this."""
    from ace.policy.change import Known

    try:
        return tuple(
            Known(**one) for one in json.loads(Layout(root).policy_findings(stack).read_text(encoding="utf-8"))
        )
    except (OSError, ValueError, TypeError):
        return ()


def changes_as_json(found: Mapping[str, Mapping[str, Iterable[Known]]]) -> dict[str, Any]:
    """For machines."""
    return {
        stack: {kind: [asdict(one) for one in those] for kind, those in kinds.items()} for stack, kinds in found.items()
    }


def tell_changes(found: Mapping[str, Mapping[str, Iterable[Known]]]) -> None:
    """For people: a line a finding."""
    from ace.cli.output import stdout

    for stack, kinds in sorted(found.items()):
        for kind, those in kinds.items():
            for one in those:
                stdout.print(f"{stack}  {kind}  {one.severity}: {one.rule}: {one.fact}", markup=False)
