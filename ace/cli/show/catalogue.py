"""The catalogue for people and as JSON: what was built, what is withheld and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ace.catalogue.plain import WORDS, plain, record, withheld
from ace.cli.show.output import stderr, stdout

if TYPE_CHECKING:
    from datetime import date

    from ace.catalogue.values import Decision
    from ace.operations.catalogue import CatalogueCheck, CatalogueSite, Explained


def site_json(built: CatalogueSite) -> dict[str, Any]:
    """A built catalogue for machines."""
    catalogue = built.catalogue
    return {
        "as_of": catalogue.as_of.isoformat(),
        "records": [
            {
                "kind": WORDS[kind],
                **record(catalogue, kind, each),
                "address": catalogue.address(kind, each.slug),
                "id": each.slug,
            }
            for kind, records in catalogue.by_kind().items()
            for each in records
        ],
        "withheld": [withheld(decision) for decision in catalogue.withheld],
        "untranslated": {code: list(messages) for code, messages in built.site.untranslated.items()},
        "out": str(built.folder),
    }


def explained_json(explained: Explained) -> dict[str, Any]:
    """Decisions for machines."""
    return {
        "as_of": explained.as_of.isoformat(),
        "decisions": [
            {"id": one.slug, "kind": WORDS[one.kind], "listed": one.listed, "reasons": plain(one.reasons)}
            for one in explained.decisions
        ],
    }


def findings_json(found: CatalogueCheck) -> list[dict[str, Any]]:
    """What a check found, for machines."""
    return [
        {"file": one.file, "rule": one.rule, "severity": str(one.severity), "message": one.message}
        for one in found.findings
    ]


def print_warnings(built: CatalogueSite) -> None:
    """What is not translated, on standard error."""
    for code, messages in built.site.untranslated.items():
        stderr.print(f"warning: {len(messages)} messages have no {code} translation and show in English", markup=False)


def print_site(built: CatalogueSite) -> None:
    """What was built, what is withheld, and the address of the first page."""
    catalogue = built.catalogue
    counts = ", ".join(f"{count} {kind}" for kind, count in built.record_counts.items())
    stdout.print(
        f"The catalogue as of {catalogue.as_of}: {counts}; {built.page_count} pages in {len(catalogue.languages)} "
        f"languages, {len(built.site.files) - built.page_count} other files.",
        markup=False,
    )
    if catalogue.withheld:
        stdout.print(f"Withheld ({len(catalogue.withheld)}), see `ace catalogue explain ID`:", markup=False)
        for decision in catalogue.withheld:
            first = decision.reasons[0]
            stdout.print(f"  {decision.kind}/{decision.slug}: {first.rule}: {first.fact}", markup=False)
    stdout.print((built.folder / "index.html").as_uri(), markup=False)


def print_findings(built: CatalogueSite, found: CatalogueCheck) -> None:
    """A line a finding, then the counts."""
    for one in found.findings:
        stdout.print(f"{one.file}: {one.rule}: {one.message}", markup=False)
    warnings = len(found.findings) - found.errors
    stdout.print(f"{len(built.site.files)} files checked: {found.errors} errors, {warnings} warnings.")


def print_explained(explained: Explained) -> None:
    """Each decision with its reasons."""
    for decision in explained.decisions:
        _print_decision(decision, explained.as_of)


def _print_decision(decision: Decision, as_of: date) -> None:
    verdict = "listed" if decision.listed else "withheld"
    stdout.print(f"{decision.kind}/{decision.slug}: {verdict} as of {as_of}", markup=False)
    for reason in decision.reasons:
        stdout.print(f"  {reason.rule}: {reason.fact}", markup=False)
        if reason.place and reason.place not in reason.fact:
            stdout.print(f"    see: {reason.place}", markup=False)
        if reason.remedy:
            stdout.print(f"    what to do: {reason.remedy}", markup=False)
