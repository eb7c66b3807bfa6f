"""What a rule is, and what whoever adds one promises.

* A rule is a function `rule(facts, as_of) -> tuple[PolicyFinding, ...]`: pure, no clock, no files, no network.
* What it does not know it refuses: rules fail closed.
* Its docstring is what `ace policy explain` prints; `source` states where it comes from (a law, a decision, a document).
* Its findings state what breaks it and what would satisfy it, each at the place in the spec where that can be changed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from ace.errors import Severity
from ace.policy.values import Announcement, PolicyFinding, Published
from ace.spec.values import Spec


class Owner(StrEnum):
    """Whose rule it is, and so who may waive it: a country its own; the region's only with an approver's signature."""

    COUNTRY = "country"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What is about to be announced, and the spec that names what may be."""

    spec: Spec
    announcements: tuple[Announcement, ...]


@dataclass(frozen=True, slots=True)
class PublicationFacts:
    """A publication, and the spec that it speaks under."""

    spec: Spec
    published: Published


Facts = TypeVar("Facts", Spec, PlanFacts, PublicationFacts)


@dataclass(frozen=True, slots=True)
class Rule(Generic[Facts]):
    """One rule."""

    id: str
    title: str
    """What holds when it is kept, in one sentence."""
    owner: Owner
    severity: Severity
    """The worst that it finds."""
    source: str
    check: Callable[[Facts, date], tuple[PolicyFinding, ...]]

    @property
    def explanation(self) -> str:
        """What it asks and why, for people."""
        return inspect.getdoc(self.check) or self.title
