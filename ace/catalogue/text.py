"""Other people's text, made safe to show: one line, nothing that hides or reorders its neighbours, bounded length.

Escaping for HTML, XML, JSON or CSV is each format's own; this is about characters that no format escapes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

from ace.spec.region import LocalizedText

from .values import Text

MAX_TEXT: Final = 400
"""Characters of a text that the catalogue keeps; the spec's own limit is 300."""
MAX_MARKS: Final = 3
"""Combining marks in a row that are kept: more than any language of Africa writes, less than hides a line."""
_KEPT_FORMATS: Final = "\u200c\u200d\u200e\u200f"
"""Joiners and marks that Arabic (and emoji) need. Overrides, embeddings and isolates are dropped."""
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLAIN = re.compile(r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u0620-\u064a\u0660-\u066f\u2019]*")
_MAILBOX = re.compile(r"[a-z0-9](?:[a-z0-9._+-]{0,62}[a-z0-9])?@(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{1,63}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_UNSAFE_IN_URL = re.compile(r"[^A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]")


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """The text on one line without control, override or unassigned characters, with few marks in a row, cut at `limit`."""
    if len(text) <= limit and _PLAIN.fullmatch(text) and "  " not in text:
        return text.strip()
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text[: limit * 4]):
        category = unicodedata.category(character)
        if category.startswith("M"):
            marks += 1
            if marks > MAX_MARKS:
                continue
        else:
            marks = 0
        if category in {"Cc", "Zl", "Zp"}:
            kept.append(" ")
        elif category not in _HIDDEN or character in _KEPT_FORMATS:
            kept.append(character)
    return clip(" ".join("".join(kept).split()), limit)


def clip(text: str, limit: int) -> str:
    """The text, cut at a word's end where one is near, with an ellipsis, when it is longer than `limit`."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit * 2 // 3 else cut).rstrip() + "…"


def localized(text: LocalizedText, limit: int = MAX_TEXT) -> Text:
    """A spec's text, cleaned; a translation that is empty after that counts as none."""
    return Text(
        clean(text.en, limit) or "?",
        (clean(text.fr, limit) or None) if text.fr is not None else None,
        (clean(text.ar, limit) or None) if text.ar is not None else None,
    )


def safe_link(url: str | None) -> str | None:
    """The address when it is a plain https one that a page may link to, else None."""
    if url is None or len(url) > MAX_TEXT or _UNSAFE_IN_URL.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    plain = parts.scheme == "https" and "@" not in parts.netloc and (port is None or port > 0)
    return url if plain and _HOST.fullmatch(host) else None


def safe_mailbox(address: str) -> str | None:
    """The address when it is a plain mailbox that a page may link to, else None."""
    return address if _MAILBOX.fullmatch(address) else None


def slug_of(text: str, limit: int = 60) -> str:
    """The text in a-z, 0-9 and inner hyphens; empty when it has no such letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", " ")).strip("-")[:limit].strip("-")
