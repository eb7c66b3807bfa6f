"""Ctrl-C once, and twice; in a process of its own, with real signals."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

PROGRAM = """
import os, threading
from ace.cli.interrupt import interruptible

def say(line):  # in one piece: two threads speak
    os.write(1, (line + chr(10)).encode())

with interruptible(say, lambda: "tn (+ server gw1)", insisting={insisting}) as cancel:
    say("ready")
    cancel.wait()
    say("cancelled")
    {then}
say("left")
"""


def started(then: str, *, insisting: bool = False) -> subprocess.Popen[str]:
    program = PROGRAM.format(then=then, insisting=insisting)
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
    told = {heard(waiting).strip() for _ in range(2)}
    assert "cancelled" in told
    assert any("waiting for tn (+ server gw1)" in line for line in told)
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(timeout=30) == 130


def test_where_a_run_ends_by_itself_the_second_and_third_only_say_how_urgent_it_is() -> None:
    then = "while cancel.urgency < 3: threading.Event().wait(0.01)"
    process = started(then, insisting=True)
    process.send_signal(signal.SIGINT)
    assert {heard(process).strip() for _ in range(2)} >= {"cancelled"}
    process.send_signal(signal.SIGINT)
    assert "stopping now" in heard(process)
    process.send_signal(signal.SIGINT)
    assert heard(process) == "left\n"
    assert process.wait(timeout=30) == 0
    assert process.stdout is not None
    process.stdout.close()


def test_a_fourth_ends_the_process_whatever_it_does() -> None:
    process = started("import threading; threading.Event().wait()", insisting=True)
    process.send_signal(signal.SIGINT)
    assert {heard(process).strip() for _ in range(2)} >= {"cancelled"}
    process.send_signal(signal.SIGINT)
    assert "stopping now" in heard(process)
    deadline = time.monotonic() + 15
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGINT)  # more than twice, as two that come together count as one
        threading.Event().wait(0.02)
    assert process.wait(timeout=30) == 130
    assert process.stdout is not None
    process.stdout.close()
