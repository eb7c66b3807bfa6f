"""The limits of the house: short modules, short functions, nothing written twice in two rooms. Exceptions are in a table."""

from __future__ import annotations

import ast
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Final

from tests.unit.house_exceptions import LONG_FUNCTIONS, LONG_MODULES, REPEATED

ROOT: Final = Path(__file__).resolve().parents[2]
MODULE_LINES: Final = 400
FUNCTION_LINES: Final = 60
REPEATED_LINES: Final = 6


@cache
def sources() -> dict[str, str]:
    """Every Python file that git tracks (or would), scripts without an ending included, by its path."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    found = {}
    for path in listed:
        file = ROOT / path
        if path.startswith("tests/fixtures/") or not file.is_file() or (file.suffix not in {"", ".py"}):
            continue
        with file.open("rb") as opened:
            start = opened.read(64)
        if file.suffix == ".py" or (start.startswith(b"#!") and b"python" in start):
            found[path] = file.read_text(encoding="utf-8")
    return found


def room(path: str) -> str:
    """The room that a file is in: `ace/engine`, `ace/errors.py`, `stacks`, `playbooks`, `scripts`, `tests`."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "ace" else parts[0]


def functions(path: str, node: ast.AST, outer: str = "") -> Iterator[tuple[str, int]]:
    """Every function with its length in lines, from `def` to its end."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{outer}{child.name}"
            if not isinstance(child, ast.ClassDef):
                yield f"{path}::{name}", (child.end_lineno or child.lineno) - child.lineno + 1
            yield from functions(path, child, f"{name}.")
        else:
            yield from functions(path, child, outer)


def lines_that_count(text: str) -> list[str]:
    """Lines as they are compared: no blank ones, comments, imports or lone punctuation; white space folded."""
    imports: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    folded = ((number, " ".join(line.split())) for number, line in enumerate(text.splitlines(), 1))
    return [
        line
        for number, line in folded
        if number not in imports and any(map(str.isalnum, line)) and not line.startswith("#")
    ]


def repetitions() -> dict[frozenset[str], list[str]]:
    """Pairs of files of different rooms that share so many lines in a row, with the first run of them."""
    windows: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for path, text in sources().items():
        if path.startswith("tests/"):
            continue
        lines = lines_that_count(text)
        for start in range(len(lines) - REPEATED_LINES + 1):
            windows[tuple(lines[start : start + REPEATED_LINES])].add(path)
    found: dict[frozenset[str], list[str]] = {}
    for run, paths in windows.items():
        for one, other in combinations(sorted(paths), 2):
            if room(one) != room(other):
                found.setdefault(frozenset((one, other)), list(run))
    return found


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {path: len(text.splitlines()) for path, text in sources().items()}
    long = {path: length for path, length in lengths.items() if length > MODULE_LINES}
    assert long.keys() == LONG_MODULES.keys(), long


def test_no_function_is_longer_than_60_lines() -> None:
    lengths = {name: n for path, text in sources().items() for name, n in functions(path, ast.parse(text))}
    long = {name: length for name, length in lengths.items() if length > FUNCTION_LINES}
    assert long.keys() == LONG_FUNCTIONS.keys(), long


def test_no_six_lines_are_written_in_two_rooms() -> None:
    found = repetitions()
    assert found.keys() == REPEATED.keys(), "\n\n".join("\n".join([*sorted(pair), *run]) for pair, run in found.items())


def test_every_exception_has_its_reason() -> None:
    assert all(len(why) > 20 for table in (LONG_MODULES, LONG_FUNCTIONS, REPEATED) for why in table.values())
