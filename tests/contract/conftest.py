"""Fixtures of the engine's contract tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.engine_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """One stack on one folder of its own."""
    return Bench(tmp_path)
