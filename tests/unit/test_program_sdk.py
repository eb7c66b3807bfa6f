"""The program's process waits for outputs as Pulumi's SDK does: each law is held against the SDK's own function too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pulumi
import pytest
from pulumi.runtime import settings, stack

from ace.engine.embedded import sdk

_DEADLINE_S = 60
Wait = Callable[[], Awaitable[None]]


@pytest.fixture(params=[stack.wait_for_rpcs, sdk.wait_for_rpcs], ids=["pulumi", "ace"])
def wait(request: pytest.FixtureRequest) -> Iterator[Wait]:
    settings._get_rpc_manager().clear()
    settings.SETTINGS.outputs.clear()
    yield request.param
    settings._get_rpc_manager().clear()
    settings.SETTINGS.outputs.clear()


def run(program: Callable[[], Any], wait: Wait) -> None:
    async def both() -> None:
        program()
        await asyncio.wait_for(wait(), _DEADLINE_S)

    asyncio.run(both())


def later(value: object, turns: int = 3) -> pulumi.Output[Any]:
    async def give() -> object:
        for _ in range(turns):
            await asyncio.sleep(0)
        if isinstance(value, Exception):
            raise value
        return value

    return pulumi.Output.from_input(give())


def test_outputs_that_outputs_bring_up_are_waited_for(wait: Wait) -> None:
    seen: list[int] = []

    def deeper(depth: int) -> None:
        seen.append(depth)
        if depth:
            later(depth - 1).apply(deeper)

    run(lambda: later(20).apply(deeper), wait)
    assert seen == list(range(20, -1, -1))


def test_hundreds_side_by_side_are_all_waited_for(wait: Wait) -> None:
    seen: list[int] = []
    run(lambda: [later(n, n % 7).apply(seen.append) for n in range(300)], wait)
    assert sorted(seen) == list(range(300))


@pytest.mark.parametrize("turns", [0, 1, 9])
def test_an_error_in_an_output_ends_the_wait_with_it(wait: Wait, turns: int) -> None:
    def program() -> None:
        later("fine", 4)
        later(KeyError("surprise"), turns)

    with pytest.raises(KeyError, match="surprise"):
        run(program, wait)


def test_an_error_is_not_kept_waiting_by_what_never_ends(wait: Wait) -> None:
    def program() -> None:
        forever: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        pulumi.Output.from_input(forever)
        later("fine").apply(lambda _: later("well").apply(lambda _: 1 // 0))

    with pytest.raises(ZeroDivisionError):
        run(program, wait)


def test_an_error_that_a_program_catches_in_an_output_is_none(wait: Wait) -> None:
    async def careful() -> str:
        try:
            raise KeyError("surprise")
        except KeyError:
            return "saved"

    seen: list[str] = []
    run(lambda: pulumi.Output.from_input(careful()).apply(seen.append), wait)
    assert seen == ["saved"]


def test_requests_are_waited_for_and_their_errors_raised(wait: Wait) -> None:
    manager = settings._get_rpc_manager()
    done: list[str] = []
    tasks: list[object] = []

    async def answer(value: str) -> None:
        await asyncio.sleep(0)
        done.append(value)

    async def refuse() -> None:
        raise RuntimeError("refused")

    def fine() -> None:
        tasks.extend(asyncio.ensure_future(manager.do_rpc(name, answer)(name)) for name in ("a", "b"))

    run(fine, wait)
    assert sorted(done) == ["a", "b"]
    with pytest.raises(RuntimeError, match="refused"):
        run(lambda: asyncio.ensure_future(manager.do_rpc("x", refuse)()), wait)
