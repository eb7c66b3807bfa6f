"""Pulumi's Python SDK without what costs much and serves nobody here.

Its `wait_for_rpcs` hangs a callback on every outstanding output each time one of them is done: quadratic, and with hundreds of
resources most of a program's CPU time. Its debug messages and stack traces are round trips and file reads for an engine
that prints neither.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
from pulumi.runtime import resource, settings, stack
from pulumi.runtime.proto import source_pb2


def lighten() -> None:
    """Put the lighter parts in place, for the whole process."""
    pulumi.log.debug = lambda *_args, **_kwargs: None  # five a resource, each a round trip
    resource._get_stack_trace = source_pb2.StackTrace
    stack.wait_for_rpcs = wait_for_rpcs


async def wait_for_rpcs(await_all_outstanding_tasks: bool = True) -> None:
    """The SDK's function of that name: until no request and no output is outstanding.

    Raises:
        Exception: The first that a request or an output ended with, as soon as it did.
    """
    manager = settings._get_rpc_manager()
    while True:
        await _requests(manager)
        if await_all_outstanding_tasks:
            await _outputs()
        if not manager.rpcs:
            return


async def _requests(manager: Any) -> None:
    while manager.rpcs:
        await asyncio.sleep(0)
        try:
            await manager.rpcs.pop()
        except Exception as error:
            if manager.unhandled_exception is not None:
                raise error from manager.unhandled_exception.with_traceback(manager.exception_traceback)
            raise
    if manager.unhandled_exception is not None:
        raise manager.unhandled_exception.with_traceback(manager.exception_traceback)


async def _outputs() -> None:
    """Until each output is done, those included that come up meanwhile (an output's end is what brings them up)."""
    pending: set[asyncio.Future[Any]] = set()
    ended: list[asyncio.Future[Any]] = []
    woken = asyncio.Event()

    def end(output: asyncio.Future[Any]) -> None:
        ended.append(output)
        woken.set()

    while True:
        with settings.SETTINGS.lock:
            new = list(settings.SETTINGS.outputs)
            settings.SETTINGS.outputs.clear()
        for output in new:
            if output not in pending:
                pending.add(output)
                output.add_done_callback(end)
        if not pending:
            return
        await woken.wait()
        woken.clear()
        while ended:
            output = ended.pop()
            pending.discard(output)
            await output  # raises what it ended with
