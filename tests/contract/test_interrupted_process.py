"""Ctrl-C at a real `ace` process, once and again: how it ends, what it says, what its report says, what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest
import yaml

from tests.contract.engine_bench import Bench
from tests.contract.files_plugin import CHECKOUT
from tests.contract.test_engine_endings import CHAIN, HANGING, hold, let_go, wait_for

DEADLINE_S = 300
ACE = """
import pathlib, sys
from ace.cli import main
from ace.workspace import engines, selection
from tests.contract.engine_bench import Bench

bench = Bench(pathlib.Path(sys.argv[1]), driver=sys.argv[2])
engines.build = lambda _name: bench.engine  # all of `ace`, but its cloud is a folder
selection.stack_of = lambda *_args, **_options: bench.stack
main.main(sys.argv[3:])
"""


@dataclass
class Running:
    """An `ace` in a process group of its own, as a terminal has it."""

    bench: Bench
    process: subprocess.Popen[str]
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.heard.extend(iter(self.process.stderr.readline, ""))

    @property
    def said(self) -> str:
        return "".join(self.heard)

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, f"{what}: {self.said}"
            threading.Event().wait(0.02)

    def ctrl_c(self, then: str) -> None:
        """As a terminal does it: to everything in the group; until this is said (or it has ended)."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.until(lambda: then in self.said or self.process.poll() is not None, f"never said {then!r}")

    def ended(self) -> int:
        code = self.process.wait(DEADLINE_S)
        self._listening.join(DEADLINE_S)
        return code

    def report(self) -> dict[str, Any]:
        (file,) = (self.bench.root / ".ace" / "runs").glob("*.json")
        tn: dict[str, Any] = json.loads(file.read_text())["countries"]["tn"]
        return tn

    def left_behind(self) -> list[str]:
        """Programs and plugins of this stack that still run."""
        folder = str(self.bench.root / "cloud")
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("FILES_FOLDER") == folder and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return found


@pytest.fixture
def ace(either: Bench) -> Iterator[Callable[..., Running]]:
    """Begin `ace …` on a ROOT that is the stack's folder."""
    root = either.root
    shutil.copytree(CHECKOUT / "ecosystem", root / "ecosystem")
    (root / ".ace" / "lab").mkdir(parents=True)
    entry = {"auth": {"auth_url": "http://127.0.0.1:9/v3"}}
    (root / ".ace" / "lab" / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"tn-tunis-1": entry}}))
    begun: list[Running] = []

    def begin(*arguments: str) -> Running:
        process = subprocess.Popen(
            [sys.executable, "-c", ACE, str(root), either.driver, *arguments, "--engine", either.driver],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        begun.append(Running(either, process))
        return begun[-1]

    yield begin
    let_go(either)
    for one in begun:
        one.process.kill()
        one.ended()
        assert one.process.stderr is not None
        one.process.stderr.close()


def require_an_early_exit(running: Running, deleted: int) -> None:
    """130, one line at the end, a report that tells the truth, and nothing still at work."""
    assert running.ended() == 130
    lines = running.said.splitlines()
    assert [line for line in lines if "Traceback" in line or "FAILED" in line or "error" in line.lower()] == []
    assert sum(line.startswith("interrupted.") for line in lines) == 1
    told = running.report()
    assert (told["result"], told["reason"], told["delete"]) == ("early_exit", "interrupted", deleted)
    running.until(lambda: not running.left_behind(), f"still at work: {running.left_behind()}")


def test_one_ctrl_c_finishes_what_is_in_flight_and_is_no_success(either: Bench, ace: Callable[..., Running]) -> None:
    either.up(CHAIN)
    hold(either, "delete two")
    running = ace("down", "tn", "--yes")
    wait_for(either.root / "cloud" / "held")
    (either.root / "cloud" / "cancelled").unlink(missing_ok=True)
    running.ctrl_c("once more stops now")
    if either.driver == "pulumi":
        wait_for(either.root / "cloud" / "cancelled")
    let_go(either)
    require_an_early_exit(running, deleted=2)
    assert sum("interrupted" in line for line in running.said.splitlines()) == 2, "as it is asked for, and at the end"
    assert set(either.files) == {"one"}


@pytest.mark.parametrize("times", [2, 3])
def test_who_insists_does_not_wait_and_has_a_report_all_the_same(
    either: Bench, ace: Callable[..., Running], times: int
) -> None:
    either.up(CHAIN)
    hold(either, "delete two")
    running = ace("down", "tn", "--yes")
    wait_for(either.root / "cloud" / "held")
    running.ctrl_c("once more stops now")
    running.ctrl_c("stopping now")
    if times > 2 and running.process.poll() is None:
        os.killpg(running.process.pid, signal.SIGINT)
    require_an_early_exit(running, deleted=1)
    let_go(either)


def test_ctrl_c_while_planning_is_an_early_exit_without_the_programs_last_words(
    either: Bench, ace: Callable[..., Running]
) -> None:
    either.program(CHAIN + HANGING)
    running = ace("up", "tn", "--no-skip")
    wait_for(either.root / "cloud" / "held")
    running.ctrl_c("once more stops now")
    require_an_early_exit(running, deleted=0)
    assert either.files == {}
