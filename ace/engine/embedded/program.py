"""The process in which a stack's program runs: configures Pulumi's SDK to talk to our engine, then runs `main`.

Reads one JSON object from standard input: monitor, engine, project, stack, organization, root, main, config, dry_run,
parallel, and `result`, the number of the file descriptor on which `{"error": null}` or the error is sent to `runner.py`.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import logging
import os
import runpy
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ace.errors import UserError

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run the program; exits 0 when it did what it should, else 1."""
    _die_with_parent()
    gc.disable()  # a short life that keeps nearly all it makes: looking for garbage costs more than the program itself
    settings: dict[str, Any] = json.load(sys.stdin)
    error = _run(settings)
    sys.stdout.flush()
    sys.stderr.flush()
    with os.fdopen(settings["result"], "w", encoding="utf-8") as result:
        json.dump({"error": error}, result)
    os._exit(1 if error else 0)  # grpc's threads would hold a clean exit up


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the engine decides what an interrupt means


def _run(settings: dict[str, Any]) -> dict[str, Any] | None:
    from pulumi import RunError
    from pulumi.runtime import Settings, configure, set_all_config
    from pulumi.runtime.stack import run_in_stack

    from ace.engine.embedded import sdk

    sdk.lighten()
    set_all_config(settings["config"], [])
    configure(
        Settings(
            monitor=settings["monitor"],
            engine=settings["engine"],
            project=settings["project"],
            stack=settings["stack"],
            organization=settings["organization"],
            root_directory=settings["root"],
            parallel=settings["parallel"],
            dry_run=settings["dry_run"],
        )
    )
    os.chdir(settings["main"])
    sys.argv = ["."]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(settings["parallel"]))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # an abandoned future is no news after a failure

    def program() -> None:
        runpy.run_path(".", run_name="__main__")

    try:
        loop.run_until_complete(run_in_stack(program))
    except UserError as error:
        refused = error.exit_code == 3
        return {
            "kind": "refused" if refused else "user",
            "message": error.message,
            "hint": error.hint,
            "code": error.code,
        }
    except RunError as error:
        return {"kind": "user", "message": str(error), "hint": "", "code": "program-failed"}
    except BaseException as error:  # the engine must learn of whatever it is
        where = "".join(traceback.format_exception(error))
        return {"kind": "bug", "message": f"{type(error).__name__}: {error}", "hint": where, "code": "program-failed"}
    return None


if __name__ == "__main__":
    main()
