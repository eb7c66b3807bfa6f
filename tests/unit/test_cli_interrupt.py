"""Ctrl-C once, and twice; in a process of its own, with real signals."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

PROGRAM = """
import os
from ace.cli.interrupt import interruptible

def say(line):  # in one piece: two threads speak
    os.write(1, (line + chr(10)).encode())

with interruptible(say, lambda: "tn (+ server gw1)") as cancel:
    say("ready")
    cancel.wait()
    say("cancelled")
    {then}
say("left")
"""


def started(then: str) -> subprocess.Popen[str]:
    program = PROGRAM.format(then=then)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def waiting() -> Iterator[subprocess.Popen[str]]:
    process = started("import threading; threading.Event().wait()")
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_lets_what_is_in_flight_finish(number: signal.Signals) -> None:
    process = started("pass")
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert "finishing what is in flight" in out
    assert out.endswith("left\n")
    assert process.returncode == 0


def test_the_first_says_what_is_waited_for_and_a_second_stops_now(waiting: subprocess.Popen[str]) -> None:
    waiting.send_signal(signal.SIGINT)
    told = {heard(waiting).strip() for _ in range(3)}
    assert "cancelled" in told
    assert any("waiting for tn (+ server gw1)" in line for line in told)
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(timeout=30) == 130
