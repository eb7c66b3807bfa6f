"""What the region may believe: the verdicts on the publications in ROOT, by the room that reads them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from ace.interconnect.plan import AnyVerdict
    from ace.spec.values import Spec

READER: Final = "ace.publication.verify"


def can_read() -> bool:
    """Whether this release reads publications; one that does not plans with placeholders and applies nothing."""
    return find_spec(READER) is not None


def verdicts(root: Path, spec: Spec) -> Mapping[str, AnyVerdict]:
    """By name (`tn`, `hub-tunis`), as of now; nothing is known where nothing can be read."""
    if not can_read():
        return {}
    reader = importlib.import_module(READER)
    return cast("Mapping[str, AnyVerdict]", reader.read_all(root, spec, datetime.now(UTC)))
