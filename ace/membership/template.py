"""The template of a new member: numbered folders of questions and Jinja2 files; the highest number is the newest."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import jinja2
import yaml

from ace.errors import UserError
from ace.membership.kinds import KINDS, is_placeholder
from ace.spec.iso3166 import Country
from ace.spec.region import OperatorKind, Region
from ace.spec.values import CloudAccess, FlavorSource, ResidencyMode

_PLAIN_SCALAR = re.compile(r"[^\W\d_](?:\w|[./+=@’-]|:(?=[\w/])| (?=[^\W_]))*")
_YAML_WORDS: Final = frozenset(["true", "false", "yes", "no", "on", "off", "null", "y", "n"])
SIGNER_YEARS: Final = 2
"""How long the first signing key counts."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, or (with `items`) a group of questions asked once for each of several things."""

    name: str
    ask: str
    kind: str = ""
    help: str = ""
    default: str = ""
    choices: str = ""
    """Which of `choices_of` may be chosen."""
    items: tuple[Question, ...] = ()
    for_each: str = ""
    """The group is asked for each of these (of `choices_of`) instead of so many times."""
    noun: str = ""
    min: int = 0
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """One version of the template."""

    version: int
    folder: Path
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Rendered:
    """The texts of a member's own files."""

    member: str
    stack: str


def versions(folder: Path) -> tuple[int, ...]:
    """The versions that a template folder has, oldest first.

    Raises:
        UserError: It has none.
    """
    found = tuple(sorted(int(path.name) for path in folder.glob("[0-9]*") if path.name.isdigit()))
    if not found:
        raise UserError(
            f"{folder} has no template of a member", hint="is this checkout of ACE complete?", code="no-template"
        )
    return found


def read_template(folder: Path, version: int | None = None) -> Template:
    """A version of the template; the newest unless one is named.

    Raises:
        UserError: There is no such version.
    """
    known = versions(folder)
    chosen = known[-1] if version is None else version
    if chosen not in known:
        raise UserError(
            f"{folder} has no version {chosen} of the member template; it has {', '.join(map(str, known))}",
            hint="use the release of ACE that the member was made with, or a newer one that still has it",
            code="no-template",
        )
    place = folder / str(chosen)
    content = yaml.safe_load((place / "questions.yaml").read_text(encoding="utf-8"))
    return Template(chosen, place, tuple(_question(entry) for entry in content["questions"]))


def choices_of(region: Region, name: str) -> tuple[str, ...]:
    """What may be chosen, by the name that a question gives it."""
    return {
        "access": tuple(CloudAccess),
        "data_classes": region.data_classes,
        "flavor_sources": tuple(FlavorSource),
        "operator_kinds": tuple(OperatorKind),
        "residency_modes": tuple(ResidencyMode),
        "sectors": tuple(sector.id for sector in region.sectors),
        "tenant_sizes": tuple(size.id for size in region.tenant_sizes),
        "": (),
    }[name]


def render(template: Template, country: Country, region: Region, answers: Mapping[str, Any], since: date) -> Rendered:
    """The member's own files. The same arguments always give the same texts."""
    environment = _environment(template.folder)
    values = {**context(country, region), **answers, "since": since, "until": _years_later(since, SIGNER_YEARS)}
    return Rendered(
        member=environment.get_template("member.yaml.j2").render(values),
        stack=environment.get_template("stack.yaml.j2").render(values),
    )


def context(country: Country, region: Region) -> dict[str, Any]:
    """What questions and files may speak of beside the answers."""
    return {
        "country": {"code": country.alpha2, "lower": country.alpha2.lower(), "en": country.en},
        "region": {
            "domain": region.domain,
            "sectors": {sector.id: list(sector.data_classes) for sector in region.sectors},
        },
    }


def fill(text: str, values: Mapping[str, Any]) -> str:
    """A question's `ask` or `default` with what is known filled in."""
    return _environment(None).from_string(text).render(values)


def as_yaml(value: object) -> str:
    """A text as a YAML scalar on one line: plain where nothing could be misread, else in double quotes (as JSON)."""
    text = str(value)
    plain = _PLAIN_SCALAR.fullmatch(text) and text.lower() not in _YAML_WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def slug(text: str) -> str:
    """A name as an id: `Port Louis` as `port-louis`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:32].strip("-") or "site"


def _environment(folder: Path | None) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder) if folder is not None else None,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML, no page: every answer goes through the filter `yaml` or is a parsed id
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["yaml"] = as_yaml
    environment.filters["slug"] = slug
    environment.filters["cycle"] = lambda items, number: items[(number - 1) % len(items)]
    environment.tests["placeholder"] = is_placeholder
    return environment


def _question(entry: Mapping[str, Any]) -> Question:
    """A question as its file has it; a mistake there is ours, and keeps its traceback."""
    items = tuple(_question(item) for item in entry.get("items", ()))
    question = Question(**{**entry, "items": items})
    if not question.items and question.kind not in KINDS:
        raise ValueError(f"question {question.name}: no kind {question.kind!r}")
    return question


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
