"""What the region may believe: the verdicts on the publications in ROOT, as of now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ace.publication.verify import AnyVerdict
    from ace.spec.values import Spec


def verdicts(root: Path, spec: Spec) -> Mapping[str, AnyVerdict]:
    """By name (`tn`, `hub-tunis`). Freshness is judged by the clock, never by `--as-of`."""
    from ace.publication.verify import read_all

    return read_all(root, spec, datetime.now(UTC))
