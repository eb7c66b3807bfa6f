"""`ace validate`: everything that is wrong with the spec, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption
from ace.cli.show.output import Answer, answering, stdout
from ace.errors import Finding, RefusedError, Severity, SpecError
from ace.workspace.as_of import today
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from ace.operations.validate import Validation
    from ace.spec.values import Spec


def validate(spec: SpecOption = None, as_of: AsOfOption = None, format_: FormatOption = Format.TEXT) -> None:
    """Validate the spec and evaluate its policies; print every finding with file, line and column.

    Exit code 0: no errors (there may be warnings). 1: errors in the files. 3: the files are valid, but a policy
    refuses them (`ace policy list`). Nothing is changed; no cloud is contacted.
    """
    from ace.operations.validate import validate as run

    with answering("validate", format_) as answer:
        _show(answer, run(find_spec_dir(spec), as_of or today()), format_)


def _show(answer: Answer, found: Validation, format_: Format) -> None:
    """Say what was found; a spec with errors raises them all as one `SpecError`, refused ones as `RefusedError`."""
    answer.document = found.document
    if found.spec is None:
        raise SpecError(found.findings)
    if found.refused:
        if format_ is Format.TEXT:
            for finding in found.findings:
                stdout.print(_line(finding), markup=False)
        count = f"{len(found.refused)} finding{'s' if len(found.refused) > 1 else ''} of severity error"
        raise RefusedError(
            f"the policies refuse the spec: {count}",
            hint="each line above shows what would satisfy it; `ace policy explain RULE` shows why",
            code="refused-by-policy",
        )
    if format_ is Format.TEXT:
        for finding in found.findings:
            stdout.print(_line(finding), markup=False)
        stdout.print(_sentence(found.spec), markup=False)


def _line(finding: Finding) -> str:
    """A finding, with its severity when it is no error."""
    return str(finding) if finding.severity is Severity.ERROR else f"{finding} [{finding.severity}]"


def _sentence(loaded: Spec) -> str:
    from ace.operations.validate import SpecCounts

    counts = SpecCounts.of(loaded)
    return (
        f"The spec of {loaded.region.name} is valid: {counts.members} members ({counts.active} active), "
        f"{counts.data_centres} data centres, {counts.tenants} tenants, {counts.services} services, "
        f"{counts.hubs} hubs."
    )
