"""The JSON Schemas of the spec's files and of publications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ace.publication import canonical
from ace.spec import schema as spec_files


def schemas() -> Mapping[str, Mapping[str, Any]]:
    """By kind of file: `ecosystem`, `member`, `register`, `publication`, `hub-publication`."""
    return spec_files.schemas() | canonical.schemas()
