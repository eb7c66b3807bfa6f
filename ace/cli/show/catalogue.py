"""The catalogue for people and as JSON: what was built, what is withheld and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ace.catalogue.plain import WORDS, plain, record
from ace.cli.show.output import stderr, stdout
from ace.errors import Severity

if TYPE_CHECKING:
    from ace.catalogue.values import Decision
    from ace.operations.catalogue import CatalogueCheck, CatalogueSite, Explained


@dataclass(frozen=True, slots=True)
class WithheldDocument:
    """A record that is in no page and no export, and why."""

    id: str
    kind: str
    rule: str
    """Of the first reason."""
    reason: str
    reasons: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class CatalogueFindingDocument:
    """What is wrong in a file of the site or of the exports."""

    file: str
    rule: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class CatalogueDocument:
    """A catalogue that was built."""

    as_of: date
    records: tuple[Mapping[str, Any], ...]
    """As the JSON export has them, with `kind` and `address`."""
    withheld: tuple[WithheldDocument, ...]
    untranslated: Mapping[str, tuple[str, ...]]
    """By language: the messages that show in English."""
    out: Path
    findings: tuple[CatalogueFindingDocument, ...] | None = None
    """Of `ace catalogue check`."""
    address: str | None = None
    """Of `ace catalogue serve`."""


@dataclass(frozen=True, slots=True)
class DecisionDocument:
    """Whether a record is listed, and why."""

    id: str
    kind: str
    listed: bool
    reasons: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ExplainDocument:
    """Decisions about records of one id."""

    as_of: date
    decisions: tuple[DecisionDocument, ...]


def site_document(built: CatalogueSite) -> CatalogueDocument:
    """A built catalogue as JSON."""
    catalogue = built.catalogue
    return CatalogueDocument(
        catalogue.as_of,
        tuple(
            {
                "kind": WORDS[kind],
                **record(catalogue, kind, each),
                "address": catalogue.address(kind, each.slug),
                "id": each.slug,
            }
            for kind, records in catalogue.by_kind().items()
            for each in records
        ),
        tuple(
            WithheldDocument(
                one.slug, WORDS[one.kind], one.reasons[0].rule, one.reasons[0].fact, tuple(plain(one.reasons))
            )
            for one in catalogue.withheld
        ),
        {code: tuple(messages) for code, messages in built.site.untranslated.items()},
        built.folder,
    )


def explain_document(explained: Explained) -> ExplainDocument:
    """Decisions as JSON."""
    return ExplainDocument(
        explained.as_of,
        tuple(
            DecisionDocument(one.slug, WORDS[one.kind], one.listed, tuple(plain(one.reasons)))
            for one in explained.decisions
        ),
    )


def check_document(built: CatalogueSite, found: CatalogueCheck) -> CatalogueDocument:
    """What a check found, as JSON."""
    findings = (CatalogueFindingDocument(one.file, one.rule, one.severity, one.message) for one in found.findings)
    return replace(site_document(built), findings=tuple(findings))


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
