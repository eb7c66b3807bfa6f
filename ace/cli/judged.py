"""What the policies say, as commands tell it: at places in files, or as a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ace.errors import Finding, RefusedError, Severity

if TYPE_CHECKING:
    from ace.cli.wiring import Selection
    from ace.policy.values import Judgement, PolicyFinding
    from ace.spec.load import Sources
    from ace.spec.values import Spec


def today() -> date:
    """The day by which rules are judged unless `--as-of` says another: UTC, so that it is the same everywhere."""
    from datetime import UTC, datetime

    return datetime.now(UTC).date()


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


def refusals(chosen: Selection, spec: Spec, as_of: date) -> dict[str, RefusedError]:
    """Those countries of a selection that the policies refuse, and why."""
    from ace.policy import judge

    judgement = judge(spec, as_of)
    said = {job.stack.name: refusal(judgement, job.stack.name, "deployed") for job in chosen.jobs}
    return {name: error for name, error in said.items() if error is not None}


def hold_back(chosen: Selection, spec: Spec, as_of: date) -> Selection:
    """The selection without those countries that the policies refuse; each is told of, the others go on.

    Raises:
        RefusedError: No country is left.
    """
    from dataclasses import replace

    refused = refusals(chosen, spec, as_of)
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
