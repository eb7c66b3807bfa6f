"""What all tests share: golden files, needs and long suites (tests/needs.py), and how long a property's example may take."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from tests.needs import FILES, NEEDS, SUITES

settings.register_profile("ace", deadline=None)
settings.load_profile("ace")

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Rewrite the golden files with what the program prints now."
    )
    parser.addoption(
        "--suite",
        action="append",
        choices=[*SUITES, "all"],
        default=[],
        help="Run the tests of this long suite and no others (repeatable). Default: all tests that are in none.",
    )


def pytest_configure(config: pytest.Config) -> None:
    for name, need in NEEDS.items():
        config.addinivalue_line("markers", f"{name}: skipped without it: {need.reason}")
    config.addinivalue_line(
        "markers", "suite(name): long; left out unless `--suite name`, as `scripts/test --full` gives it"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what cannot run here, by the table; leave out what is in another suite."""
    asked = set(config.getoption("--suite"))
    met = {name: cache(need.is_met) for name, need in NEEDS.items()}
    chosen, left_out = [], []
    for item in items:
        needs = {mark.name for mark in item.iter_markers() if mark.name in NEEDS}
        file = item.path.relative_to(HERE).as_posix() if item.path.is_relative_to(HERE) else ""
        if unknown := needs - set(FILES.get(file, ())):
            raise pytest.UsageError(f"tests/needs.py: the row of {file} lacks {', '.join(sorted(unknown))}")
        for name in sorted(needs):
            if not met[name]():
                item.add_marker(pytest.mark.skip(reason=NEEDS[name].reason))
        suites = {mark.args[0] for mark in item.iter_markers("suite")}
        if foreign := suites - set(SUITES):
            raise pytest.UsageError(f"tests/needs.py: no suite {', '.join(sorted(foreign))} ({item.nodeid})")
        is_chosen = bool(suites & asked) or (bool(suites) and "all" in asked) or not (suites or asked)
        (chosen if is_chosen else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = chosen


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def golden(update_golden: bool) -> Callable[[str, str], None]:
    """`golden("folder/name.txt", text)`: the text is what the reviewed file below tests/golden holds."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update_golden:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing; look at the text and make it with `pytest --update-golden`"
        assert text == path.read_text(encoding="utf-8")

    return compare
