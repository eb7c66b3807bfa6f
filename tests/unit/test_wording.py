"""What people read is plain: no phrase of docs/style.md's table in help, messages, progress, task names and pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from ace.cli.main import app
from ace.policy.contract import Rule
from ace.policy.rules import PLAN_RULES, PUBLICATION_RULES, SPEC_RULES

CHECKOUT = Path(__file__).resolve().parents[2]
STYLE = CHECKOUT / "docs" / "style.md"
PROGRAM = ("ace", "stacks", "playbooks", "scripts")
"""Folders whose Python holds texts."""
PAGES = (
    "README.md",
    "SECURITY.md",
    "docs/*.md",
    "playbooks/README.md",
    "templates/**/*.md",
    "tests/fixtures/README.md",
)
SHELL = ("setup", "demo", "test")
ALLOWED: frozenset[tuple[str, str]] = frozenset(
    {
        ("ace/interconnect/geography.py", "said"),  # Port Said
        ("ace/services/host_keys.py", "says"),  # the head of files that hosts' records are in
        ("playbooks/module_utils/ace_converge/units.py", "tell"),  # files on hosts: another byte would restart units
    }
)
"""File and phrase that are right as they are."""
WIDTH = 200


@cache
def banned() -> re.Pattern[str]:
    """Every phrase of the table, as a whole word, in any case."""
    table = STYLE.read_text(encoding="utf-8").partition("\n## Not used\n")[2]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    phrases = [phrase for row in rows for phrase in re.findall(r"`([^`]+)`", row)]
    assert len(phrases) > 50, "docs/style.md has its table"
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(
        r"\b(?:" + "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in longest_first) + r")\b", re.I
    )


def found_in(text: str) -> list[str]:
    """The banned phrases of a text; names in code style are not text."""
    prose = re.sub(r"`[^`\n]*`|--[a-z][-a-z]*|\b\w*[_./]\w+", " ", text)
    return [match.group().lower() for match in banned().finditer(prose)]


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string of a module that is no docstring; of an f-string its literal parts."""
    tree = ast.parse(source)
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node.lineno, "".join(map(str, parts))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


def is_prose(text: str) -> bool:
    return " " in text and len(re.findall(r"[A-Za-z]{2,}", text)) > 1


def require_plain(name: str, found: list[tuple[int, str, str]]) -> None:
    """Of a file: nothing was found that is not allowed there."""
    lines = [
        f"{name}:{line}: {phrase!r} in {text[:160]!r}" for line, phrase, text in found if (name, phrase) not in ALLOWED
    ]
    assert lines == [], "docs/style.md lists these phrases, and what to write instead:\n" + "\n".join(lines)


@cache
def modules() -> list[str]:
    files = [file for folder in PROGRAM for file in (CHECKOUT / folder).rglob("*.py")]
    return sorted(str(file.relative_to(CHECKOUT)) for file in files)


@pytest.mark.parametrize("name", modules())
def test_every_text_of_a_module_is_plain(name: str) -> None:
    source = (CHECKOUT / name).read_text(encoding="utf-8")
    texts = [(line, text) for line, text in texts_of(source) if is_prose(text)]
    require_plain(name, [(line, phrase, text) for line, text in texts for phrase in found_in(text)])


@cache
def commands() -> dict[str, Any]:
    """Every command and group, by what one types."""

    def walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield name, command
        for sub, below in getattr(command, "commands", {}).items():
            yield from walk(f"{name} {sub}", below)

    return dict(walk("ace", typer.main.get_command(app)))


def help_texts(command: Any) -> list[str]:
    own = [command.help or "", getattr(command, "epilog", None) or ""]
    return [*own, *(parameter.help or "" for parameter in command.params if hasattr(parameter, "help"))]


@pytest.mark.parametrize("name", commands())
def test_every_help_text_is_plain(name: str) -> None:
    texts = help_texts(commands()[name])
    require_plain(name, [(1, phrase, text) for text in texts for phrase in found_in(text)])


@pytest.mark.parametrize("name", commands())
def test_every_help_text_begins_with_one_sentence(name: str) -> None:
    first = (commands()[name].help or "").partition("\n\n")[0]
    assert first, "a command has a help text"
    assert first[0].isupper(), first
    assert first.endswith((".", "?")), first


@pytest.mark.parametrize("name", commands())
def test_help_shows_every_word_of_its_text(name: str) -> None:
    """Markdown eats what is in <>, {} or [] where it is not in backticks."""
    shown = CliRunner().invoke(
        app, [*name.split()[1:], "--help"], env={"COLUMNS": str(WIDTH), "TERM": "dumb", "NO_COLOR": "1"}
    )
    assert shown.exit_code == 0, shown.output
    seen = re.sub(r"[\s│]+", " ", shown.output)
    for text in help_texts(commands()[name]):
        missing = [word for word in text.replace("`", "").replace("**", "").split() if word not in seen]
        assert missing == [], f"eaten by the markup of: {text}"


@pytest.mark.parametrize(
    "rule", [*SPEC_RULES.values(), *PLAN_RULES.values(), *PUBLICATION_RULES.values()], ids=lambda r: r.id
)
def test_every_explanation_of_a_rule_is_plain(rule: Rule[Any]) -> None:
    require_plain(rule.id, [(1, phrase, rule.explanation) for phrase in found_in(f"{rule.title} {rule.explanation}")])


def names_in(node: Any) -> Iterator[str]:
    """Names of plays and tasks, descriptions of roles and their arguments."""
    if isinstance(node, list):
        for item in node:
            yield from names_in(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in {"name", "description", "short_description", "fail_msg", "msg"}:
                yield from [value] if isinstance(value, str) else value if isinstance(value, list) else []
            yield from names_in(value)


def playbooks() -> list[str]:
    return sorted(str(file.relative_to(CHECKOUT)) for file in (CHECKOUT / "playbooks").rglob("*.yml"))


@pytest.mark.parametrize("name", playbooks())
def test_every_play_task_and_argument_is_plain(name: str) -> None:
    texts = list(names_in(yaml.safe_load((CHECKOUT / name).read_text(encoding="utf-8"))))
    require_plain(name, [(1, phrase, str(text)) for text in texts for phrase in found_in(str(text))])


VERBS = frozenset(
    {
        *(
            "Check",
            "Collect",
            "Configure",
            "Create",
            "Fail",
            "Find",
            "Gather",
            "Install",
            "Record",
            "Reconnect",
            "Skip",
        ),
        *("Stop", "Use", "Verify"),
    }
)


@pytest.mark.parametrize("name", [name for name in playbooks() if "/tasks/" in name or name.count("/") == 1])
def test_every_play_and_task_is_named_by_an_imperative(name: str) -> None:
    for play in yaml.safe_load((CHECKOUT / name).read_text(encoding="utf-8")):
        for task in (play, *play.get("tasks", [])):
            assert task["name"].split()[0] in VERBS, f"{task['name']!r}: begin with a verb (a new one: add it to VERBS)"


def pages() -> list[str]:
    return sorted(
        {str(file.relative_to(CHECKOUT)) for glob in PAGES for file in CHECKOUT.glob(glob)} - {"docs/style.md"}
    )


@pytest.mark.parametrize("name", pages())
def test_every_page_is_plain(name: str) -> None:
    text = re.sub(r"^(    |```).*$", "", (CHECKOUT / name).read_text(encoding="utf-8"), flags=re.M)
    lines = list(enumerate(text.splitlines(), 1))
    require_plain(name, [(number, phrase, line) for number, line in lines for phrase in found_in(line)])


@pytest.mark.parametrize("name", SHELL)
def test_every_line_that_a_script_prints_is_plain(name: str) -> None:
    lines = enumerate((CHECKOUT / "scripts" / name).read_text(encoding="utf-8").splitlines(), 1)
    printed = [(number, re.sub(r"^\s*(say|stop)\b", "", line)) for number, line in lines if not line.startswith("#!")]
    require_plain(f"scripts/{name}", [(number, phrase, line) for number, line in printed for phrase in found_in(line)])


# -- what is cited is there


TOP = (
    "ace",
    "docs",
    "ecosystem",
    "inventories",
    "playbooks",
    "requirements",
    "scripts",
    "stacks",
    "templates",
    "tests",
)
OURS = ("ace", "docs", "playbooks", "requirements", "scripts", "templates", "tests")
"""Folders in which a page names the program's own files; in the others also those that a ROOT may have."""
TEXTS = {".md", ".py", ".yml", ".yaml", ".j2", ".toml", ".sh", ".txt", ".html", ".css", ".in", ""}


@cache
def shipped() -> list[Path]:
    """The files of the checkout that are texts; not what runs leave in it."""
    tops = [file for file in CHECKOUT.iterdir() if file.is_file()]
    below = [file for top in TOP for file in (CHECKOUT / top).rglob("*") if file.is_file()]
    return [
        file
        for file in (*tops, *below)
        if file.suffix in TEXTS and not {"__pycache__", "golden"} & set(file.parts) and file != Path(__file__)
    ]


def test_no_file_cites_a_page_that_is_not_shipped() -> None:
    """`CLI.md`, `DESIGN section 9`: notes of the developers' own."""
    wrong = []
    for file in shipped():
        text = file.read_text(encoding="utf-8", errors="replace")
        for page in set(re.findall(r"(?<![\w/.<>*-])((?:[\w-]+/)*[\w-]+\.md)\b", text)):
            near = (CHECKOUT / page, file.parent / page, CHECKOUT / "docs" / page)
            if not any(place.exists() for place in near):
                wrong.append(f"{file.relative_to(CHECKOUT)}: {page}")
        wrong += [f"{file.relative_to(CHECKOUT)}: {name}" for name in re.findall(r"\bDESIGN\b.{0,12}", text)]
    assert wrong == []


@pytest.mark.parametrize("name", ["README.md", *pages()])
def test_every_path_that_a_page_names_exists(name: str) -> None:
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    named = set(re.findall(rf"`((?:{'|'.join(OURS)})/[\w./*-]+)`", text)) | set(
        re.findall(r"\]\(((?!http)[\w./-]+)", text)
    )
    base = {
        path: CHECKOUT if path.startswith(OURS) and f"`{path}`" in text else (CHECKOUT / name).parent for path in named
    }
    assert [path for path, where in base.items() if not list(where.glob(path.rstrip("/")))] == []


def test_readme_has_lines_of_at_most_100_characters() -> None:
    lines = (CHECKOUT / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 100] == []
