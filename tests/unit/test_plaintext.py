"""What other programs say, as our messages repeat it."""

from __future__ import annotations

import pytest

from ace.plaintext import LONGEST, last_line, on_one_line


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("", ""),
        ("no such key", "no such key"),
        ("a\x1b[2J\u202eb\nc", "a [2J b c"),
        ("x" * 1000, "x" * LONGEST),
    ],
)
def test_what_would_not_print_is_a_space(told: str, shown: str) -> None:
    assert on_one_line(told) == shown


@pytest.mark.parametrize("told", [b"first\n  \xff why \n\n", "first\n  \ufffd why \n\n"])
def test_the_last_line_with_anything_on_it_tells_why(told: bytes | str) -> None:
    assert last_line(told, "nothing") == "\ufffd why"


def test_who_says_nothing_is_spoken_for() -> None:
    assert last_line(b" \n", "it gave no output") == "it gave no output"
