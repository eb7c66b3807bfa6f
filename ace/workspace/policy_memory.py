"""What the rules found of each country when it was last deployed, and what the spec would change in that."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ace.errors import UserError
from ace.files import put
from ace.layout import Layout
from ace.policy.change import Known, changed, known
from ace.policy.values import Judgement


@dataclass(frozen=True, slots=True)
class FindingChanges:
    """The findings of one country that the spec causes, and those that it cures, since the last `ace up`."""

    caused: tuple[Known, ...]
    cured: tuple[Known, ...]


def remember(root: Path, judgement: Judgement, stacks: Iterable[str]) -> None:
    """Keep what the rules found of countries that were just deployed: what a later preview compares with.

    Raises:
        UserError: It cannot be written.
    """
    for stack in stacks:
        file, found = Layout(root).policy_findings(stack), known(judgement.findings, stack)
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            put(file, json.dumps([asdict(one) for one in found], indent=1) + "\n")
        except OSError as error:
            raise UserError(f"{file} cannot be written: {error.strerror}", code="no-file") from None


def changes(root: Path, judgement: Judgement, stacks: Iterable[str]) -> Mapping[str, FindingChanges]:
    """By country, what the spec would change since the last `ace up`; before the first, everything is caused by it."""
    return {
        stack: FindingChanges(*changed(_remembered(root, stack), known(judgement.findings, stack))) for stack in stacks
    }


def _remembered(root: Path, stack: str) -> tuple[Known, ...]:
    """What the last `ace up` left; nothing before the first. A damaged file counts as none: only the comparison needs it."""
    try:
        text = Layout(root).policy_findings(stack).read_text(encoding="utf-8")
        return tuple(Known(**one) for one in json.loads(text))
    except (OSError, ValueError, TypeError):
        return ()
