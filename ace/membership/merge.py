"""Three-way merge of texts by lines: what one side left alone takes the other side's change (diff3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MARKS = ("<<<<<<<", "=======", ">>>>>>>")


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged text, and the lines (1-based) at which both sides changed the same place differently."""

    text: str
    conflicts: tuple[int, ...]


def merge(base: str, ours: str, theirs: str, our_name: str, their_name: str) -> Merge:
    """Bring the changes from `base` to `theirs` into `ours`.

    Args:
        base: What both come from.
        ours: What must not be lost.
        theirs: What is new.
        our_name: What a conflict's upper half is called.
        their_name: What its lower half is called.
    """
    b, o, t = (text.splitlines(keepends=True) for text in (base, ours, theirs))
    out: list[str] = []
    conflicts: list[int] = []
    at_b = at_o = at_t = 0
    for start_b, start_o, start_t, length in _common(b, o, t):
        old, mine, new = b[at_b:start_b], o[at_o:start_o], t[at_t:start_t]
        if mine in (old, new):
            out += new
        elif new == old:
            out += mine
        else:
            conflicts.append(len(out) + 1)
            out += [
                f"{MARKS[0]} {our_name}\n",
                *_ended(mine),
                f"{MARKS[1]}\n",
                *_ended(new),
                f"{MARKS[2]} {their_name}\n",
            ]
        out += o[start_o : start_o + length]
        at_b, at_o, at_t = start_b + length, start_o + length, start_t + length
    return Merge("".join(out), tuple(conflicts))


def _common(b: Sequence[str], o: Sequence[str], t: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Runs of lines that all three have, in order, with a last empty one at the ends."""
    mine = SequenceMatcher(None, b, o, autojunk=False).get_matching_blocks()
    new = SequenceMatcher(None, b, t, autojunk=False).get_matching_blocks()
    i = j = 0
    while i < len(mine) and j < len(new):
        start = max(mine[i].a, new[j].a)
        end = min(mine[i].a + mine[i].size, new[j].a + new[j].size)
        if start < end:
            yield start, mine[i].b + start - mine[i].a, new[j].b + start - new[j].a, end - start
        if mine[i].a + mine[i].size < new[j].a + new[j].size:
            i += 1
        else:
            j += 1
    yield len(b), len(o), len(t), 0


def _ended(lines: list[str]) -> list[str]:
    return [line if line.endswith("\n") else line + "\n" for line in lines]
