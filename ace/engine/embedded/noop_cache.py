"""Whether an `up` may be skipped: `evaluated.json`, `{"digest": ...}`, is written when program and state agree.

The digest is of the stack's fingerprint and of the bytes of `state.json`: a later change of either makes it invalid.
"""

from __future__ import annotations

import hashlib
import json

from ace.engine.contract import Stack
from ace.engine.journal import write_whole


def remember(stack: Stack) -> None:
    """Record that the state is as the program declares it; to be called when nothing is left to do."""
    if (digest := _digest(stack)) and digest != _recorded(stack):
        write_whole(stack.state_dir / "evaluated.json", json.dumps({"digest": digest}) + "\n")


def is_current(stack: Stack) -> bool:
    """Whether program, spec and state are those that agreed before, and no run was interrupted since."""
    if (stack.state_dir / "journal.jsonl").exists():
        return False
    recorded = _recorded(stack)
    return bool(recorded) and recorded == _digest(stack)


def _recorded(stack: Stack) -> str:
    """The digest in `evaluated.json`; empty when there is none that can be read."""
    try:
        return str(json.loads((stack.state_dir / "evaluated.json").read_text(encoding="utf-8"))["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _digest(stack: Stack) -> str:
    """Empty when the stack's fingerprint is not known, or there is no state."""
    try:
        state = (stack.state_dir / "state.json").read_bytes()
    except OSError:
        return ""
    if not stack.fingerprint:
        return ""
    return hashlib.sha256(stack.fingerprint.encode() + b"\n" + hashlib.sha256(state).digest()).hexdigest()
