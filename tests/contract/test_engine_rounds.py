"""`down` cut off at a random instant, then `up`, round after round, on a cloud that deletes slowly: counted in the cloud.

Half the cuts are a kill -9 of the engine and all that it started, half are two Ctrl-C. Five rounds run with every test run;
the suite `rounds` runs fifty.
"""

from __future__ import annotations

import random
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ace.engine.pulumi_cli.process import run
from tests.contract.conftest import ENGINES
from tests.contract.engine_bench import Bench, ops

FILES = 20
PROGRAM = 'f0 = file("f0", "text0")\n' + "\n".join(
    f'f{n} = file("f{n}", "text{n}", near=f{(n - 1) // 5}.id)' for n in range(1, FILES)
)
ALL = {f"text{n}" for n in range(FILES)}
SLOW_S = 0.8
WHOLE_DOWN_S = 3 * SLOW_S
"""The tree is three files deep."""


def cut_off(bench: Bench, chance: random.Random, how: str) -> bool:
    """Begin a down and cut it off somewhere; whether the cloud was deleting something at that instant."""
    process = bench.down_alone()
    while not bench.going and process.poll() is None:
        threading.Event().wait(0.01)
    with suppress(subprocess.TimeoutExpired):
        process.wait(chance.uniform(0, WHOLE_DOWN_S))
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    in_flight = bench.going > 0
    if how == "kill":
        for one in [process, *children]:
            one.kill()
    else:
        process.send_signal(signal.SIGINT)
        threading.Event().wait(0.02)  # two keys pressed at once are two signals only when the first was heard
        process.send_signal(signal.SIGINT)
    process.communicate()
    psutil.wait_procs(children, timeout=60)  # the CLI saves what was in flight, and ends
    return in_flight


def release(bench: Bench) -> None:
    """What the message of a held lock says to type after the CLI was killed."""
    if bench.driver == "pulumi":
        run(bench.workspace, "cancel", "--yes", "--stack", bench.stack.name)


def rounds(bench: Bench, many: int, seed: int) -> tuple[int, float]:
    """Run so many; how many cuts came with a delete in flight, and how long it all took."""
    chance, began = random.Random(seed), time.monotonic()
    (bench.root / "cloud" / "slow-delete").write_text(str(SLOW_S))
    assert bench.up(PROGRAM).failures == ()
    in_flight = 0
    for number in range(many):
        in_flight += cut_off(bench, chance, "kill" if number % 2 else "ctrl-c")
        release(bench)
        outcome = bench.up(force=True)
        assert outcome.failures == (), f"round {number}"
        assert set(bench.files) == ALL, f"round {number}: nothing missing, and (`files` sees to that) nothing twice"
        assert ops(bench.preview()) == {}, f"round {number}"
        print(f"{bench.driver}: {number + 1} rounds, {in_flight} cuts with a delete in flight", flush=True)
    return in_flight, time.monotonic() - began


@pytest.mark.parametrize("driver", ENGINES)
def test_five_cut_off_downs_are_each_made_whole_by_the_next_up(driver: str, tmp_path: Path) -> None:
    in_flight, _ = rounds(Bench(tmp_path, driver=driver), 5, seed=1)
    assert in_flight, "no cut came with a delete in flight"


@pytest.mark.suite("rounds")
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("driver", ENGINES)
def test_fifty_cut_off_downs_are_each_made_whole_by_the_next_up(driver: str, tmp_path: Path) -> None:
    in_flight, seconds = rounds(Bench(tmp_path, driver=driver), 50, seed=2)  # with `-s` it tells how far it is
    print(f"\n{driver}: 50 rounds in {seconds:.0f} s, {in_flight} of 50 cuts with a delete in flight")
    assert in_flight >= 30
