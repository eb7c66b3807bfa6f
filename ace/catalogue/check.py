"""Look over a built catalogue: links, structure of pages, size, exports, translations. Pure: files in, findings out.

The rules are those that can be read off the HTML; contrast and focus are measured in a real browser by the tests.
"""

from __future__ import annotations

import csv
import io
import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import yaml

from ace.errors import Severity

from .build import Built

MAX_PAGE: Final = 100_000
"""Bytes of a page, uncompressed."""
_SCHEMES: Final = frozenset({"https", "mailto"})
_VOID: Final = frozenset({"input", "meta", "link", "br", "path", "circle", "img", "hr"})
_NAMED: Final = frozenset({"a", "button", "h1", "h2", "h3", "th", "summary", "legend", "title"})


@dataclass(frozen=True, slots=True, order=True)
class CheckFinding:
    """One thing wrong with one file."""

    file: str
    rule: str
    severity: Severity
    message: str


def check(built: Built) -> tuple[CheckFinding, ...]:
    """Everything that is wrong, sorted by file."""
    findings: list[CheckFinding] = []
    outlines = {path: _outline(text) for path, text in built.files.items() if path.endswith(".html")}
    for path, outline in outlines.items():
        findings += (_error(path, rule, message) for rule, message in _structure(outline))
        findings += (_error(path, "link", message) for message in _links(path, outline, built.files, outlines))
        size = len(built.files[path].encode())
        if size > MAX_PAGE:
            findings.append(_error(path, "size", f"{size} bytes, more than {MAX_PAGE}"))
    for path, text in built.files.items():
        if path.startswith("exports/") and (message := _unreadable(path, text)):
            findings.append(_error(path, "export", message))
    for code, messages in built.untranslated.items():
        for message in messages:
            findings.append(CheckFinding(f"{code}.po", "translation", Severity.WARNING, f"not translated: {message}"))
    return tuple(sorted(findings))


def _error(file: str, rule: str, message: str) -> CheckFinding:
    return CheckFinding(file, rule, Severity.ERROR, message)


@dataclass(slots=True)
class _Outline:
    """What the rules need of a page."""

    language: str | None = None
    direction: str | None = None
    title: str = ""
    ids: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    fields: list[str] = field(default_factory=list)
    refers: list[str] = field(default_factory=list)
    mains: int = 0
    inline: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.outline = _Outline()
        self._open: list[tuple[str, list[str], bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        outline = self.outline
        if "id" in given:
            outline.ids.append(given["id"])
        for name in given:
            if name.startswith("on") or name == "style":
                outline.inline.append(f"<{tag} {name}>")
        for name in ("aria-labelledby", "aria-describedby"):
            outline.refers += given.get(name, "").split()
        if tag == "html":
            outline.language, outline.direction = given.get("lang"), given.get("dir")
        elif tag == "main":
            outline.mains += 1
        elif tag in {"h1", "h2", "h3", "h4"}:
            outline.headings.append(int(tag[1]))
        elif tag == "label":
            outline.labels.add(given.get("for", ""))
        elif tag in {"input", "select"} and "aria-label" not in given:
            outline.fields.append(given.get("id", ""))
        if tag == "a":
            outline.links.append(given.get("href", ""))
        elif tag == "form":
            outline.links.append(given.get("action", ""))
        elif tag == "link":
            (outline.links if given.get("rel") == "alternate" else outline.loads).append(given.get("href", ""))
        elif tag == "img" and not given.get("alt"):
            outline.nameless.append("<img>")
        if tag in {"script", "img"} and "src" in given:
            outline.loads.append(given["src"])
        if tag not in _VOID:
            self._open.append((tag, [], "aria-label" in given))

    def handle_data(self, data: str) -> None:
        for _, texts, _ in self._open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or all(name != tag for name, _, _ in self._open):
            return
        while self._open:
            name, texts, labelled = self._open.pop()
            text = "".join(texts).strip()
            if name == "title" and any(outer == "head" for outer, _, _ in self._open):
                self.outline.title = text
            if name in _NAMED and not text and not labelled:
                self.outline.nameless.append(f"<{name}>")
            if name == tag:
                return


def _outline(text: str) -> _Outline:
    reader = _Reader()
    reader.feed(text)
    return reader.outline


def _structure(outline: _Outline) -> Iterator[tuple[str, str]]:
    if not outline.language or outline.direction not in {"ltr", "rtl"}:
        yield "language", "the page does not declare its language and direction"
    if not outline.title:
        yield "title", "the page has no title"
    if outline.mains != 1:
        yield "landmark", f"{outline.mains} main landmarks instead of one"
    if outline.headings.count(1) != 1 or outline.headings[:1] != [1]:
        yield "headings", f"the page begins with headings {outline.headings[:3]}, not with its only h1"
    jumps = [(a, b) for a, b in zip(outline.headings, outline.headings[1:], strict=False) if b > a + 1]
    if jumps:
        yield "headings", f"heading {jumps[0][1]} follows heading {jumps[0][0]}"
    twice = {each for each in outline.ids if outline.ids.count(each) > 1}
    if twice:
        yield "ids", f"used twice: {', '.join(sorted(twice))}"
    if missing := set(outline.refers) - set(outline.ids):
        yield "ids", f"referred to and not there: {', '.join(sorted(missing))}"
    if outline.nameless:
        yield "names", f"without text: {', '.join(outline.nameless[:3])}"
    if unlabelled := [each for each in outline.fields if each not in outline.labels]:
        yield "labels", f"{len(unlabelled)} fields without a label"
    if outline.inline:
        yield "inline", f"inline script or style: {outline.inline[0]}"


def _links(path: str, outline: _Outline, files: Mapping[str, str], outlines: Mapping[str, _Outline]) -> Iterator[str]:
    for link in dict.fromkeys([*outline.links, *outline.loads]):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            if link in outline.loads:
                yield f"the page loads {link[:80]} from elsewhere"
            elif parts.scheme not in _SCHEMES:
                yield f"the scheme of {link[:80]} is not allowed"
            continue
        target = (
            posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path))) if parts.path else path
        )
        if target not in files:
            yield f"{link[:80]} leads nowhere"
        elif parts.fragment and target in outlines and parts.fragment not in outlines[target].ids:
            yield f"{link[:80]}: the page has no such place"


def _unreadable(path: str, text: str) -> str | None:
    """Why an export is not in the format that its name means."""
    try:
        if path.endswith((".json", ".jsonld")):
            json.loads(text)
        elif path.endswith(".yaml"):
            for _ in yaml.safe_load_all(text):
                pass
        elif path.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
            if any(len(row) != len(rows[0]) for row in rows):
                return "rows differ in length"
        elif path.endswith(".atom"):
            ElementTree.fromstring(text)  # noqa: S314 - our own output
    except (ValueError, yaml.YAMLError, ElementTree.ParseError) as error:
        return f"cannot be read: {str(error).splitlines()[0]}"
    return None
