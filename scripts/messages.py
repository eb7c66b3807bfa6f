"""Keep the catalogue's translations in step with its pages: `scripts/messages.py` adds new messages, drops old ones.

Messages are what templates give to `t`, `ta` and `tn`, and what `ace/catalogue/site/*.py` gives to `N_`, `text`, `plain`
and `count`. New ones arrive in `templates/catalogue/locale/<language>.po` with an empty translation: fill it in.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "templates" / "catalogue"
CODE = ROOT / "ace" / "catalogue" / "site"
KEYWORDS = {"N_": None, "text": None, "plain": None, "count": (1, 2)}

Message = str | tuple[str, str]


def used() -> Iterator[tuple[str, Message]]:
    """Every message with the file that uses it, in the order of files and lines."""
    jinja = Environment(autoescape=True)
    for path in sorted(TEMPLATES.glob("*.html")):
        tree = jinja.parse(path.read_text(encoding="utf-8"))
        for _, function, strings in extract_from_ast(tree, ("t", "ta", "tn"), babel_style=False):
            texts = strings if isinstance(strings, tuple) else (strings,)
            texts = tuple(text for text in texts if text)
            yield path.name, (texts[0], texts[1]) if function == "tn" else texts[0]
    for path in sorted(CODE.glob("*.py")):
        found = extract("python", io.BytesIO(path.read_bytes()), KEYWORDS)
        for _, strings, _, _ in found:
            yield path.name, strings if isinstance(strings, str) else (strings[0], strings[1])


def template() -> Catalog:
    """All messages, without translations."""
    made = Catalog(project="ACE catalogue", version="1", fuzzy=False)
    for file, message in used():
        made.add(message, locations=[(file, None)])
    return made


def main() -> int:
    """Update every .po file; say what is left to translate."""
    for path in sorted((TEMPLATES / "locale").glob("*.po")):
        with path.open("rb") as file:
            known = read_po(file, locale=path.stem)
        known.update(template(), no_fuzzy_matching=True)
        known.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, known, width=120, sort_output=True, include_lineno=False, omit_header=False)
        empty = [message.id for message in known if message.id and not _done(message.string)]
        print(f"{path.name}: {len(known)} messages, {len(empty)} to translate")
    return 0


def _done(string: str | tuple[str, ...] | list[str]) -> bool:
    return bool(string) if isinstance(string, str) else bool(string) and all(string)


if __name__ == "__main__":
    sys.exit(main())
