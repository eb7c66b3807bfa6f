"""Writers of one of the lab's databases go first come, first served."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "ace" / "lab"))  # where the lab's own Python looks too

from drivers.turns import NoTurnError, Turns

LONG_S = 60


def test_only_one_has_the_turn_at_a_time() -> None:
    turns, writing, most = Turns(), [], 0

    def write(number: int) -> None:
        nonlocal most
        owner = object()
        turns.take(owner, LONG_S)
        writing.append(number)
        most = max(most, len(writing))
        time.sleep(0)
        writing.remove(number)
        turns.leave(owner)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(400)))
    assert most == 1


def test_those_who_wait_go_in_the_order_in_which_they_came() -> None:
    turns, order = Turns(), []
    first = object()
    turns.take(first, LONG_S)

    def write(number: int) -> None:
        owner = object()
        turns.take(owner, LONG_S)
        order.append(number)
        turns.leave(owner)

    threads = []
    for number in range(20):
        threads.append(threading.Thread(target=write, args=(number,)))
        threads[-1].start()
        deadline = time.monotonic() + LONG_S
        while len(turns._waiting) <= number:
            assert time.monotonic() < deadline, "it never queued"
            time.sleep(0.001)
    turns.leave(first)
    for thread in threads:
        thread.join(LONG_S)
    assert order == list(range(20))


def test_a_turn_that_is_not_handed_on_is_waited_for_no_longer_than_asked_and_the_message_says_who_has_it() -> None:
    turns, holder, said = Turns(), object(), []
    turns.take(holder, LONG_S)

    def write() -> None:
        try:
            turns.take(object(), 0.01)
        except NoTurnError as error:
            said.append(str(error))

    thread = threading.Thread(target=write)
    thread.start()
    thread.join(LONG_S)
    assert len(said) == 1
    assert threading.current_thread().name in said[0]
    turns.leave(holder)
    turns.take(object(), 0.01)  # whoever gave up does not stand in the way


def test_a_thread_that_would_wait_for_itself_is_refused_at_once() -> None:
    turns = Turns()
    turns.take(object(), LONG_S)
    with pytest.raises(NoTurnError, match="this thread"):
        turns.take(object(), LONG_S)


def test_taking_the_turn_twice_and_leaving_it_without_having_it_change_nothing() -> None:
    turns, owner = Turns(), object()
    turns.leave(owner)
    turns.take(owner, LONG_S)
    turns.take(owner, LONG_S)
    turns.leave(object())
    with pytest.raises(NoTurnError):
        turns.take(object(), LONG_S)
    turns.leave(owner)
    turns.take(object(), LONG_S)
