"""The catalogue: what the ecosystem offers, as a site and as exports. `build` makes values; `write_site` puts them in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ace.catalogue import build as building
from ace.catalogue import records
from ace.catalogue.build import Built
from ace.catalogue.check import CheckFinding
from ace.catalogue.check import check as check_files
from ace.catalogue.evidence import facts_of
from ace.catalogue.explain import explain as decisions_of
from ace.catalogue.values import Catalogue, Decision
from ace.errors import Severity
from ace.layout import Layout
from ace.operations.region import verdicts
from ace.policy import judge_spec
from ace.spec import load
from ace.spec.values import Spec
from ace.workspace.as_of import today
from ace.workspace.root import checkout


@dataclass(frozen=True, slots=True)
class CatalogueSite:
    """A catalogue, every file of its site, and the folder that it is for."""

    catalogue: Catalogue
    site: Built
    folder: Path

    @property
    def page_count(self) -> int:
        """How many of the files are pages."""
        return sum(path.endswith(".html") for path in self.site.files)

    @property
    def record_counts(self) -> Mapping[str, int]:
        """How many records there are of each kind."""
        return {
            "services": len(self.catalogue.services),
            "countries": len(self.catalogue.countries),
            "providers": len(self.catalogue.providers),
            "data centres": len(self.catalogue.data_centres),
        }


@dataclass(frozen=True, slots=True)
class CatalogueCheck:
    """What a check of a site found."""

    findings: tuple[CheckFinding, ...]

    @property
    def errors(self) -> int:
        """How many findings are errors; the others are warnings."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Explained:
    """Why records are listed or withheld as of a date."""

    as_of: date
    decisions: tuple[Decision, ...]


def build(spec_dir: Path, *, out: Path | None = None, as_of: date | None = None) -> CatalogueSite:
    """Build the site and all exports in memory, from the spec and the verified publications.

    Args:
        spec_dir: The spec folder.
        out: The folder that the site is for; None: `.ace/catalogue` in ROOT.
        as_of: The day by which rules are evaluated; None: today.

    Raises:
        UserError: The spec has errors, or the memory of publications is damaged.
    """
    catalogue, spec = _catalogue(spec_dir, as_of)
    site = building.build(catalogue, spec, checkout() / "templates" / "catalogue")
    return CatalogueSite(catalogue, site, (out or Layout(spec_dir.parent).catalogue).absolute())


def write_site(built: CatalogueSite) -> None:
    """Put the site into its folder; an older build there is replaced in one step.

    Raises:
        UserError: The folder holds something else than a built catalogue, or cannot be written.
    """
    folder = built.folder
    if folder.parent.name == Layout(folder).private.name:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
    building.write(built.site, folder)


def rebuild(spec_dir: Path) -> Path | None:
    """Build again what was built below ROOT; its folder, None where nothing was built.

    Raises:
        UserError: It cannot be built or written.
    """
    folder = Layout(spec_dir.parent).catalogue
    if not folder.is_dir():
        return None
    write_site(build(spec_dir))
    return folder


def check(built: CatalogueSite) -> CatalogueCheck:
    """Check the links, exports, translations, and the structure for accessibility of a site."""
    return CatalogueCheck(check_files(built.site))


def explain(spec_dir: Path, record: str, as_of: date | None = None) -> Explained:
    """Why a record is listed or withheld.

    Args:
        spec_dir: The spec folder.
        record: `tn-e-learning`, `services/tn-e-learning`, or the record's address.
        as_of: The day by which rules are evaluated; None: today.

    Raises:
        UserError: There is no such record; names the nearest.
    """
    catalogue, _ = _catalogue(spec_dir, as_of)
    return Explained(catalogue.as_of, decisions_of(catalogue, record))


def _catalogue(spec_dir: Path, as_of: date | None) -> tuple[Catalogue, Spec]:
    spec = load(spec_dir)
    known = verdicts(spec_dir.parent, spec)
    return records.catalogue(facts_of(spec, judge_spec(spec, as_of or today()), known)), spec
