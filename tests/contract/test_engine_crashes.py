"""kill -9 at every step boundary and at random instants, of an up and of a down: nothing orphaned, nothing made twice.

The cloud deletes slowly, goes on with what it was asked to whoever died meanwhile, and is what is counted.
"""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ace.engine.contract import Op
from tests.contract.engine_bench import Bench

EIGHT = "\n".join(
    ['f0 = file("f0", "text0")']
    + [f'f{n} = file("f{n}", "text{n}", near=f{(n - 1) // 2}.id)' for n in range(1, 7)]
    + ['file("f7", "text7", near=[f5.id, f6.id], protect=True)']
)
"""A small tree, two leaves of which meet again."""
RECORDS = 8 * 2 + 4
"""Journal records of a whole up at most: two a file, and those of the stack, its provider and outputs."""


IN_SUITE = pytest.mark.suite("crashes")


def some(many: int, *, every: int) -> list[Any]:
    """Numbers below `many`: each n-th in every run, all in the suite `crashes` and the run together."""
    return [pytest.param(number, marks=() if number % every == 0 else IN_SUITE) for number in range(many)]


@pytest.fixture(autouse=True)
def slow_deletes(tmp_path: Path) -> None:
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / "slow-delete").write_text("0.1")


def forty() -> str:
    lines = ['f0 = file("f0", "text0")']
    return "\n".join(lines + [f'f{n} = file("f{n}", "text{n}", near=f{(n - 1) // 3}.id)' for n in range(1, 40)])


def require_whole(bench: Bench, program: str, files: int) -> None:
    """The next up converges, and finds nothing to do the time after."""
    assert bench.up(program, force=True).failures == ()
    assert set(bench.files) == {f"text{n}" for n in range(files)}
    again = bench.up(program)
    assert again.failures == ()
    assert again.count(Op.SAME) == files + 2, "files, stack and provider"
    known = [resource["id"] for resource in bench.engine.export(bench.stack)["deployment"]["resources"][2:]]
    assert sorted(known) == sorted(str(body["id"]) for body in bench.files.values()), "the state is what is there"


@pytest.mark.parametrize("at", some(RECORDS, every=3))
def test_an_up_killed_at_any_step_boundary_is_finished_by_the_next(bench: Bench, at: int) -> None:
    died = bench.up_killed(EIGHT, at=at)
    assert died == 9 or at >= RECORDS - 2, "the count of records is out of date"
    require_whole(bench, EIGHT, 8)


@pytest.mark.parametrize("at", some(RECORDS, every=3))
def test_a_down_killed_at_any_step_boundary_is_finished_by_the_next(bench: Bench, at: int) -> None:
    bench.up(EIGHT.replace(", protect=True", ""))
    process = bench.alone("down", at=at)
    _, errors = process.communicate(timeout=120)
    assert process.returncode in (0, 9), errors
    if at % 2:
        assert bench.down().failures == ()
        assert bench.files == {}
        assert bench.down().steps == ()
    else:
        require_whole(bench, EIGHT, 8)


def kill_somewhere(bench: Bench, action: str, chance: random.Random) -> None:
    """Let it run for a while and kill it."""
    process = bench.alone(action)
    try:
        process.communicate(timeout=chance.uniform(0.3, 2.5))
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("seed", some(10, every=3))
def test_an_up_or_down_killed_at_a_random_instant_is_finished_by_the_next(bench: Bench, seed: int) -> None:
    chance = random.Random(seed)
    (bench.root / "cloud" / "latency").write_text("0.05")
    bench.program(EIGHT.replace(", protect=True", ""))
    for action in ("up", "down", "up") if seed % 2 else ("up", "up"):
        kill_somewhere(bench, action, chance)
    require_whole(bench, EIGHT, 8)


@IN_SUITE
@pytest.mark.parametrize("seed", range(50))
def test_forty_files_survive_kills_at_random_instants(tmp_path: Path, seed: int) -> None:
    bench, chance = Bench(tmp_path), random.Random(1000 + seed)
    (bench.root / "cloud" / "latency").write_text("0.05")
    bench.program(forty())
    for action in chance.choices(("up", "down"), k=3):
        kill_somewhere(bench, action, chance)
    require_whole(bench, forty(), 40)
