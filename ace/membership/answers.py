"""Answers to a template's questions: from a file, from a person, from the defaults; each checked when it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ace.errors import Finding, Severity, SpecError
from ace.membership.kinds import KINDS
from ace.membership.template import Question, Template, choices_of, context, fill
from ace.spec.iso3166 import Country
from ace.spec.region import Region
from ace.spec.source import Node, Source, read
from ace.spec.text import shorten, show_path


class AnswersError(SpecError):
    """A file of answers has mistakes; all of them are reported at once."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(findings)
        self.message = self.message.removesuffix("in the spec") + "in the answers; nothing was written"
        self.hint, self.code = "correct them and run the same command again", "bad-answers"


class Asker(Protocol):
    """Whoever answers what no file does."""

    def line(self, ask: str, help_: str, default: str, choices: tuple[str, ...]) -> str:
        """A line of text; the default when nothing is typed."""

    def again(self, why: str) -> None:
        """The last answer will not do; the same question comes again."""

    def number(self, ask: str, help_: str, default: int, least: int, most: int) -> int:
        """How many of something."""

    def heading(self, text: str) -> None:
        """What the next questions are about."""


@dataclass(slots=True)
class _Collected:
    """What has been answered, what took the default, and what is wrong."""

    answers: dict[str, Any] = field(default_factory=dict)
    defaulted: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answers:
    """Every question's answer. `defaulted` are the paths of those that nobody gave."""

    values: Mapping[str, Any]
    defaulted: tuple[str, ...]


def read_answers(file: Path) -> Source:
    """A file of answers, read with the spec's own strictness.

    Raises:
        AnswersError: It cannot be read as YAML.
    """
    source = read(file, str(file), file.absolute().parent)
    if source.findings:
        raise AnswersError(source.findings)
    return source


def gather(
    template: Template, country: Country, region: Region, given: Source | None = None, asker: Asker | None = None
) -> Answers:
    """All answers: those given, then those of a person if there is one, then defaults.

    Raises:
        AnswersError: With everything that is wrong in the file of answers.
    """
    gathering = _Gathering(region, context(country, region), given.name if given else "", asker)
    root = given.root if given is not None else None
    collected = gathering.collected
    if root is not None and root.entries is None:
        gathering.wrong(root, [], "wrong-type", "the file of answers is no mapping of questions to answers")
    elif root is not None:
        gathering.refuse_unknown(root, template.questions, [])
    for question in template.questions:
        node = root.get(question.name) if root is not None else None
        collected.answers[question.name] = (
            gathering.group(question, node) if question.items else gathering.one(question, node, [question.name], {})
        )
    if collected.findings:
        raise AnswersError(tuple(sorted(collected.findings)))
    return Answers(collected.answers, tuple(collected.defaulted))


class _Gathering:
    """Walks a template's questions."""

    def __init__(self, region: Region, known: Mapping[str, Any], file: str, asker: Asker | None) -> None:
        self.collected = _Collected()
        self._region, self._known, self._file, self._asker = region, known, file, asker

    def one(self, question: Question, node: Node | None, path: list[str | int], around: Mapping[str, Any]) -> Any:
        """The answer to one question."""
        kind, choices = KINDS[question.kind], choices_of(self._region, question.choices)
        if node is not None:
            try:
                return kind.accept(node.plain(), choices, question.max)
            except ValueError as error:
                self.wrong(node, path, "bad-answer", str(error))
                return None
        values = {**self._known, **self.collected.answers, **around}
        default = self._filled(question.default, values)
        if self._asker is None:
            self.collected.defaulted.append(show_path(path))
            return self._accepted_default(question, default, path)
        while True:
            text = self._asker.line(
                self._filled(question.ask, values), self._filled(question.help, values), default, choices
            )
            try:
                return kind.accept(kind.read(text), choices, question.max)
            except ValueError as error:
                self._asker.again(str(error))

    def group(self, question: Question, node: Node | None) -> Any:
        """The answers of a group: a list, or a mapping with `for_each`."""
        if question.for_each:
            return self._keyed(question, node)
        if node is not None and node.items is None:
            self.wrong(node, [question.name], "wrong-type", f"expected a list, one item a {question.noun}")
            return []
        if node is not None:
            most = question.max or 0
            if not question.min <= len(node.items or ()) <= most:
                self.wrong(
                    node,
                    [question.name],
                    "bad-answer",
                    f"{question.min} to {most} may be listed, not {len(node.items or ())}",
                )
            return [self._items(question, item, [question.name, index], index, "") for index, item in enumerate(node)]
        count = question.min
        if self._asker is not None:
            count = self._asker.number(question.ask, question.help, question.min, question.min, question.max or 64)
        else:
            self.collected.defaulted.append(question.name)
        return [self._items(question, None, [question.name, index], index, "") for index in range(count)]

    def _keyed(self, question: Question, node: Node | None) -> dict[str, Any]:
        keys = choices_of(self._region, question.for_each)
        if node is not None and node.entries is None:
            self.wrong(node, [question.name], "wrong-type", f"expected a mapping, one entry a {question.noun}")
            node = None
        for key, value in node.pairs() if node is not None else ():
            if key not in keys:
                self.wrong(value, [question.name, key], "bad-answer", f"no {question.noun}; known: {', '.join(keys)}")
        if self._asker is not None:
            self._asker.heading(question.ask)
        return {
            key: self._items(question, node.get(key) if node else None, [question.name, key], index, key)
            for index, key in enumerate(keys)
        }

    def _items(
        self, question: Question, node: Node | None, path: list[str | int], index: int, key: str
    ) -> dict[str, Any]:
        if node is not None and node.entries is None:
            self.wrong(node, path, "wrong-type", "expected a mapping of questions to answers")
            node = None
        if node is not None:
            self.refuse_unknown(node, question.items, path)
        elif self._asker is not None and not question.for_each:
            self._asker.heading(f"{question.noun.capitalize()} {index + 1}")
        item: dict[str, Any] = {}
        for inner in question.items:
            around = {"item": item, "number": index + 1, "key": key}
            item[inner.name] = self.one(inner, node.get(inner.name) if node else None, [*path, inner.name], around)
        return item

    def refuse_unknown(self, node: Node, questions: tuple[Question, ...], path: list[str | int]) -> None:
        known = {question.name for question in questions}
        for key, value in node.pairs():
            if key not in known:
                message = f"unknown question {shorten(key)!r}; expected one of {', '.join(sorted(known))}"
                self.wrong(value, [*path, key], "unknown-answer", message)

    def wrong(self, node: Node, path: list[str | int], code: str, message: str) -> None:
        self.collected.findings.append(
            Finding(self._file, node.line, node.column, show_path(path), code, Severity.ERROR, message)
        )

    def _filled(self, text: str, values: Mapping[str, Any]) -> str:
        """Defaults after a wrong answer may lack what they are made of: they are not needed then."""
        if "{{" not in text or self.collected.findings:
            return text if "{{" not in text else ""
        return fill(text, values)

    def _accepted_default(self, question: Question, default: str, path: list[str | int]) -> Any:
        if self.collected.findings:
            return None
        kind, choices = KINDS[question.kind], choices_of(self._region, question.choices)
        try:
            return kind.accept(kind.read(default), choices, question.max)
        except ValueError as error:
            finding = Finding(self._file, 0, 0, show_path(path), "bad-default", Severity.ERROR, f"{error}; answer it")
            self.collected.findings.append(finding)
            return None
