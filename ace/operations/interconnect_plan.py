"""The interconnect from spec and publications: its rendered files, their proof, the map. No host is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ace.errors import UserError
from ace.files import PUBLIC, put
from ace.interconnect import files
from ace.interconnect.map import State, draw
from ace.interconnect.prove import ProofResult, prove, read_dir, read_region
from ace.interconnect.render import render
from ace.interconnect.values import Plan
from ace.layout import Layout
from ace.operations.region import plan_of
from ace.spec import load
from ace.spec.values import Spec
from ace.verdict import Verdict


@dataclass(frozen=True, slots=True)
class RenderedRegion:
    """The files of every gateway and hub, and what writing them changed, by path relative to `folder`."""

    plan: Plan
    folder: Path
    files: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegionProof:
    """What each proof found."""

    results: tuple[ProofResult, ...]

    @property
    def failed(self) -> tuple[ProofResult, ...]:
        """Those that found a flaw or could not be carried out."""
        return tuple(result for result in self.results if result.verdict in (Verdict.FAIL, Verdict.ABORT))


@dataclass(frozen=True, slots=True)
class RegionMap:
    """The region as SVG, and how much is on it."""

    picture: str
    hosts: int
    links: int


def plan_region(spec_dir: Path, as_of: date | None = None) -> Plan:
    """The links, sessions and addresses of the region, and what is left out and why.

    Raises:
        UserError: The spec has errors, or the memory of publications is damaged.
    """
    return plan_of(spec_dir.parent, load(spec_dir), as_of)


def render_region(spec_dir: Path, *, out: Path | None = None, as_of: date | None = None) -> RenderedRegion:
    """Write the files of every gateway and hub; those of hosts that are no longer in the plan are removed.

    Args:
        spec_dir: The spec folder.
        out: The folder; None: `.ace/interconnect` in ROOT.
        as_of: The day by which rules are evaluated; None: today.

    Raises:
        UserError: The spec has errors, or the folder cannot be written.
    """
    plan = plan_region(spec_dir, as_of)
    folder = (out or Layout(spec_dir.parent).interconnect).absolute()
    rendered = render(plan)
    written = files.write(folder, rendered)
    return RenderedRegion(plan, folder, tuple(sorted(rendered)), written.changed, written.removed)


def prove_region(spec_dir: Path, as_of: date | None = None) -> RegionProof:
    """Prove the files that the spec gives now.

    Raises:
        UserError: The spec has errors.
    """
    return RegionProof(prove(read_region(render(plan_region(spec_dir, as_of)))))


def prove_files(folder: Path) -> RegionProof:
    """Prove the rendered files in a folder.

    Raises:
        UserError: They cannot be read.
    """
    return RegionProof(prove(read_dir(folder)))


def draw_region(spec_dir: Path, as_of: date | None = None) -> RegionMap:
    """Draw countries, hubs and links where they are.

    Raises:
        UserError: The spec has errors.
    """
    spec = load(spec_dir)
    return map_of(spec, plan_of(spec_dir.parent, spec, as_of))


def map_of(spec: Spec, plan: Plan, states: Mapping[tuple[str, str], State] | None = None) -> RegionMap:
    """Draw a plan; with states, each link in its present one."""
    return RegionMap(draw(spec, states, plan=plan), len(plan.nodes), len(plan.links))


def write_map(drawn: RegionMap, file: Path) -> None:
    """Write a map.

    Raises:
        UserError: It cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        put(file, drawn.picture, PUBLIC)
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}", hint="name another --out FILE", code="no-file") from None
