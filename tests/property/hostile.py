"""Values that nobody should have written, anywhere in a tree of plain data."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any

from hypothesis import strategies as st

HOSTILE_TEXTS = st.sampled_from(
    [
        "", " ", "\n", "a\nb", "\x00", "\x1b[31m", "\u202eevil", "\u2028", "../../etc/passwd", "$(reboot)", "`id`",
        "{{ 7*7 }}", "{% raw %}", "<script>alert(1)</script>", "'; DROP TABLE", "${HOME}", "%s%n", "[bold]x[/]",
        "https://", "https://[", "https://a.example:99999/", "javascript:alert(1)", "a@", "@b", "10.0.0.0/8", "::/0",
        "ssh-ed25519", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----", "no", "NO", "TN", "all", "x" * 5000,
        "neighbor 10.0.0.1\n shutdown", "\ud7ff", "\ufeff", "é", "تونس", "1e999", "0x10", "12:30:45", "=", "<<", "*a",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=True),
    st.dates(min_value=date(1, 1, 1)),
    st.text(max_size=20),
    HOSTILE_TEXTS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | HOSTILE_TEXTS, inner, max_size=3),
    max_leaves=6,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path in a tree."""
    yield path
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def replaced(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of the tree with another value at a path."""
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = replaced(tree[path[0]], path[1:], value)
    return copy


def assert_shown_as_it_is(line: str) -> None:
    """A terminal shows the line as it is, and it is not endless."""
    assert len(line) < 1200
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Zl", "Zp"} for character in line), ascii(line)
