"""Fixtures of the engine's contract tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.engine_bench import Bench

ENGINES = [
    "embedded",
    pytest.param("pulumi", marks=pytest.mark.pulumi),
]


@pytest.fixture(params=ENGINES)
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """A stack on a folder of its own, run by each engine in turn."""
    return Bench(tmp_path, driver=request.param)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """One stack on one folder of its own."""
    return Bench(tmp_path)


@pytest.fixture(autouse=True)
def no_stale_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program rewritten within a second, at the same length, would run as it was compiled before."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
