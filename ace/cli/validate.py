"""`ace validate`: everything that is wrong with the spec, all at once."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption, find_spec_dir
from ace.cli.output import Answer, answering, finding_json, stdout
from ace.errors import Finding, Severity, SpecError

if TYPE_CHECKING:
    from ace.spec.values import Spec


def validate(spec: SpecOption = None, as_of: AsOfOption = None, format_: FormatOption = Format.TEXT) -> None:
    """Load the spec, check it and cross-check it; print every finding with file, line and column.

    Exit code 0: no errors (there may be warnings). 1: errors. Nothing is changed and no cloud is asked.
    """
    from ace import spec as spec_room

    with answering("validate", format_) as answer:
        loaded, findings = spec_room.check(find_spec_dir(spec), as_of or date.today())
        report(answer, loaded, findings, format_)


def report(answer: Answer, loaded: Spec | None, findings: tuple[Finding, ...], format_: Format) -> None:
    """Say what was found; a spec with errors raises them all as one `SpecError`."""
    answer.body["findings"] = [finding_json(finding) for finding in findings]
    if any(finding.severity is Severity.ERROR for finding in findings) or loaded is None:
        raise SpecError(findings)
    answer.body["summary"] = _summary(loaded)
    if format_ is Format.TEXT:
        for finding in findings:
            stdout.print(str(finding), markup=False)
        stdout.print(_sentence(loaded), markup=False)


def _summary(loaded: Spec) -> dict[str, int]:
    return {
        "members": len(loaded.members),
        "active": len(loaded.active),
        "data_centres": sum(len(member.data_centres) for member in loaded.members),
        "tenants": sum(len(member.tenants) for member in loaded.members),
        "services": sum(len(member.services) for member in loaded.members),
        "hubs": len(loaded.region.hubs),
    }


def _sentence(loaded: Spec) -> str:
    counts = _summary(loaded)
    return (
        f"The spec of {loaded.region.name} is valid: {counts['members']} members ({counts['active']} active), "
        f"{counts['data_centres']} data centres, {counts['tenants']} tenants, {counts['services']} services, "
        f"{counts['hubs']} hubs."
    )
