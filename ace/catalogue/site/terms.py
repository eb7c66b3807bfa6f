"""What the spec's own terms (data classes, modes, kinds) are called on a page. Messages: see `language`."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup

from ace.spec.region import OperatorKind
from ace.spec.values import ResidencyMode

from .language import Language


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "a message, translated later"
    """Mark a message for translation."""
    return message


DATA_CLASSES: Final = {
    "open": N_("Open data"),
    "personal": N_("Personal data"),
    "health": N_("Health data"),
    "education": N_("Education data"),
    "government": N_("Government data"),
    "financial": N_("Financial data"),
}
MODES: Final = {
    ResidencyMode.IN_COUNTRY_ONLY: N_("Stays in the country"),
    ResidencyMode.IN_COUNTRY_COPY: N_("A copy stays in the country"),
    ResidencyMode.CONDITIONAL: N_("May leave under conditions"),
    ResidencyMode.UNRESTRICTED: N_("May leave the country"),
    ResidencyMode.UNKNOWN: N_("Rule not known yet"),
}
OPERATORS: Final = {
    OperatorKind.MINISTRY: N_("Ministry"),
    OperatorKind.PUBLIC_BODY: N_("Public body"),
    OperatorKind.TELECOM: N_("Telecom operator"),
    OperatorKind.IT_COMPANY: N_("IT company"),
}
SHARED_SERVICES: Final = {
    "dns": N_("Domain names (DNS)"),
    "time": N_("Time"),
    "monitoring": N_("Monitoring"),
    "registry": N_("Software registry"),
    "identity": N_("Identity"),
    "mail-relay": N_("Mail relay"),
}
CHOOSE: Final = N_("Catalogue of services")
"""What the entrance offers in each language."""
STATUSES: Final = {"verified": N_("Verified"), "declared": N_("Declared, not verified")}

_DAYS = re.compile(r"(\d+)x(\d)")
_CLOCK = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")


def data_class(language: Language, name: str) -> Markup | str:
    """`Health data`; a class that has no name here shows its own."""
    return language.text(DATA_CLASSES[name]) if name in DATA_CLASSES else name


def support_hours(language: Language, hours: str) -> str:
    """`24x7`, `8x5` or `08:00-18:00` as text."""
    if hours == "24x7":
        return language.plain("Day and night, every day")
    if match := _DAYS.fullmatch(hours):
        days = language.count("%(number)s day a week", "%(number)s days a week", int(match[2]))
        return language.plain("%(hours)s a day, %(days)s", hours=language.hours(int(match[1])), days=days.striptags())
    if match := _CLOCK.fullmatch(hours):
        return language.plain("%(start)s to %(end)s", start=match[1], end=match[2])
    return hours


def downtime(language: Language, hours: float) -> str:
    """Hours a year as a reader grasps them: minutes below two hours, days above four."""
    if hours < 2:
        minutes = round(hours * 60)
        return language.count("%(number)s minute", "%(number)s minutes", minutes).striptags()
    if hours < 96:
        return language.hours(round(hours, 1) if hours < 10 else round(hours))
    return language.count("%(number)s day", "%(number)s days", round(hours / 24)).striptags()
