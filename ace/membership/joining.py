"""A new member, or a newer template for one: which files change, and to what. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from ace.errors import UserError
from ace.membership import edits
from ace.membership.answers import Asker, gather
from ace.membership.kinds import is_placeholder
from ace.membership.merge import Merge, merge
from ace.membership.template import Question, read_template, render
from ace.membership.writing import Change, text_of
from ace.spec.iso3166 import COUNTRIES, Country
from ace.spec.load import MEMBERS, REGISTER
from ace.spec.region import Region
from ace.spec.source import Node, Source, read
from ace.spec.values import Member, ResidencyMode, Spec

ANSWERS: Final = "answers"
CODEOWNERS: Final = "CODEOWNERS"
INVENTORY: Final = "country"
"""What every country's link in inventories/ leads to."""


@dataclass(frozen=True, slots=True)
class Joining:
    """What `ace member add` would write, and which answers nobody gave."""

    changes: tuple[Change, ...]
    defaulted: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Updating:
    """What `ace member add --update` would write; conflicts are marked in the member's file."""

    changes: tuple[Change, ...]
    from_version: int
    version: int
    conflicts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """The files of a member, relative to ROOT."""

    member: str
    answers: str
    stack: str
    register: str

    @classmethod
    def of(cls, spec_dir: Path, country: Country) -> Places:
        """Where they are."""
        top, code = spec_dir.name, country.alpha2.lower()
        return cls(
            f"{top}/{MEMBERS}/{code}.yaml",
            f"{top}/{ANSWERS}/{code}.yaml",
            f"stacks/Pulumi.{code}.yaml",
            f"{top}/{REGISTER}",
        )

    @property
    def own(self) -> tuple[str, ...]:
        """Those that are the country's alone."""
        return self.member, self.answers, self.stack


def country_of(code: str) -> Country:
    """The country of an ISO 3166 alpha-2 code, in any case.

    Raises:
        UserError: It is none of Africa's.
    """
    country = COUNTRIES.get(code.strip().upper())
    if country is None:
        raise UserError(
            f"{code[:40]!r} is no ISO 3166-1 alpha-2 code of an African country",
            hint="write it as ISO 3166 does: SC for Seychelles",
            code="no-such-country",
        )
    return country


def join(
    spec_dir: Path,
    spec: Spec,
    country: Country,
    templates: Path,
    since: date,
    given: Source | None = None,
    asker: Asker | None = None,
) -> Joining:
    """The files of a new member.

    Raises:
        UserError: The country is, or was, a member, or one of its files is there already.
        SpecError: Answers are wrong.
    """
    root, places = spec_dir.parent, Places.of(spec_dir, country)
    register = text_of(root, places.register) or ""
    _require_new(root, places, country, register)
    template = read_template(templates)
    answers = gather(template, country, spec.region, given, asker)
    texts = render(template, country, spec.region, answers.values, since)
    owners = text_of(root, CODEOWNERS)
    try:
        entered = edits.with_entry(register, country.alpha2, country.numeric, since)
    except ValueError as error:
        raise UserError(f"{places.register}: {error}", hint="put its entries last", code="register-layout") from None
    owned = tuple(f"/{path}" for path in places.own)
    return Joining(
        (
            Change(places.member, None, texts.member),
            Change(places.answers, None, record(country, template.version, since, answers.values)),
            Change(places.stack, None, texts.stack),
            Change(CODEOWNERS, owners, edits.with_owner(owners or "", country.alpha2, owned, answers.values["team"])),
            *_inventory(root, country),
            Change(places.register, register, entered),
        ),
        answers.defaulted,
        template.version,
    )


def update(spec_dir: Path, region: Region, country: Country, templates: Path, asker: Asker | None = None) -> Updating:
    """A member's file brought to the newest template; what the country wrote itself stays.

    Raises:
        UserError: The member was not made from a template, or its version is not here any more.
        SpecError: The recorded answers are damaged.
    """
    root, places = spec_dir.parent, Places.of(spec_dir, country)
    ours = text_of(root, places.member)
    if ours is None:
        raise UserError(
            f"{country.en} has no {places.member}",
            hint=f"`ace member add {country.alpha2}` makes it",
            code="no-such-member",
        )
    recorded = _recorded(spec_dir, places, country)
    old, new = read_template(templates, recorded.version), read_template(templates)
    answers = gather(new, country, region, Source(places.answers, asked(recorded.answers, new.questions), ()), asker)
    before = render(old, country, region, recorded.values, recorded.since)
    after = render(new, country, region, answers.values, recorded.since)
    names = (f"{places.member} as it is", f"template {new.version}")
    stack = text_of(root, places.stack)
    merged = merge(before.member, ours, after.member, *names)
    merged_stack = merge(before.stack, stack, after.stack, *names) if stack is not None else Merge(after.stack, ())
    kept = text_of(root, places.answers)
    changes = (
        Change(places.member, ours, merged.text),
        Change(places.stack, stack, merged_stack.text),
        Change(places.answers, kept, record(country, new.version, recorded.since, answers.values)),
    )
    changed = tuple(change for change in changes if change.before != change.after)
    return Updating(changed, old.version, new.version, merged.conflicts)


def record(country: Country, version: int, since: date, values: Mapping[str, Any]) -> str:
    """The file that remembers a template's version and its answers."""
    body = yaml.safe_dump(
        {"template": version, "since": since, "answers": _plain(values)}, sort_keys=False, allow_unicode=True, width=200
    )
    return (
        f"# How `ace member add` made members/{country.alpha2.lower()}.yaml. Not a part of the spec: change the member's own\n"
        f"# file instead. `ace member add {country.alpha2} --update` needs this to bring it to a newer template.\n{body}"
    )


def still_needed(member: Member) -> tuple[str, ...]:
    """What the country must still supply before it is real, in its own file or elsewhere."""
    needed = [f"clouds.yaml with {centre.cloud.cloud} ({centre.city})" for centre in member.data_centres]
    if any(is_placeholder(signer.key) for signer in member.signers):
        needed.append("signers: the key that signs its publications (a placeholder now)")
    needed += [
        f"data_centres {centre.id}: admin_key (a placeholder now)"
        for centre in member.data_centres
        if is_placeholder(centre.admin_key)
    ]
    needed += [
        f"data_centres {centre.id}: labels, if it holds any" for centre in member.data_centres if not centre.labels
    ]
    unknown = [rule.data_class for rule in member.residency if rule.mode is ResidencyMode.UNKNOWN]
    if unknown:
        needed.append(f"residency of {', '.join(unknown)}: unknown, so no tenant may hold any of it")
    if any(rule.basis.endswith("to be confirmed by counsel") for rule in member.residency):
        needed.append("residency: every legal basis confirmed by counsel")
    if not member.services:
        needed.append("services: what it offers in the catalogue")
    if member.example:
        needed.append("`example: true` goes when the membership is real")
    return tuple(needed)


def asked(answers: Node, questions: tuple[Question, ...]) -> Node:
    """Recorded answers without those that a newer template asks no more."""
    known = {question.name: question for question in questions}
    kept: dict[str, Node] = {}
    for name, node in answers.pairs():
        question = known.get(name)
        if question is None:
            continue
        if question.items and node.items is not None:
            node = Node(node.line, node.column, items=[asked(item, question.items) for item in node.items])  # noqa: PLW2901
        elif question.items and node.entries is not None:
            inner = {key: asked(item, question.items) for key, item in node.entries.items()}
            node = Node(node.line, node.column, entries=inner)  # noqa: PLW2901
        kept[name] = node
    return Node(answers.line, answers.column, entries=kept)


@dataclass(frozen=True, slots=True)
class _Recorded:
    version: int
    since: date
    values: Mapping[str, Any]
    answers: Node


def _recorded(spec_dir: Path, places: Places, country: Country) -> _Recorded:
    file = spec_dir.parent / places.answers
    if not file.exists():
        raise UserError(
            f"{places.answers} is missing: {country.en}'s file was written by hand, not made from a template",
            hint="compare it by hand with templates/member",
            code="no-answers",
        )
    source = read(file, places.answers, spec_dir)
    root = source.root
    version, since, answers = (root.get(key) if root is not None else None for key in ("template", "since", "answers"))
    if (
        source.findings
        or version is None
        or not isinstance(version.value, int)
        or since is None
        or not isinstance(since.value, date)
        or answers is None
        or answers.entries is None
    ):
        raise UserError(f"{places.answers} is damaged", hint="bring it back from version control", code="no-answers")
    return _Recorded(version.value, since.value, dict(answers.plain()), answers)


def _inventory(root: Path, country: Country) -> tuple[Change, ...]:
    """The country's inventory, where ROOT has those of others."""
    folder, name = root / "inventories", country.alpha2.lower()
    if not (folder / INVENTORY).is_file() or (folder / name).is_symlink():
        return ()
    return (Change(f"inventories/{name}", None, INVENTORY, link=True),)


def _require_new(root: Path, places: Places, country: Country, register: str) -> None:
    entries = {entry.get("country"): entry for entry in (yaml.safe_load(register) or {}).get("members") or ()}
    entry = entries.get(country.alpha2)
    if entry is not None and entry.get("left"):
        raise UserError(
            f"{country.en} was a member and left on {entry['left']}; its entry and numbers are kept for ever",
            hint="how a country comes back is the region's board to decide; the register is append-only",
            code="has-left",
        )
    if entry is not None:
        raise UserError(
            f"{country.en} is a member since {entry.get('since')}; nothing was changed",
            hint=f"to bring its file to a newer template: `ace member add {country.alpha2} --update`",
            code="is-a-member",
        )
    if there := [path for path in places.own if (root / path).exists()]:
        raise UserError(
            f"{', '.join(there)} is there already and is not overwritten; nothing was changed",
            hint="move it away first",
            code="file-exists",
        )


def _plain(value: Any) -> Any:
    """Values as YAML's safe dumper takes them: enumerations as their text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, str) else value
