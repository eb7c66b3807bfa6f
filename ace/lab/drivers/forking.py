"""A process that forks others on request.

It listens on a unix socket, takes one line of JSON (`{"start": "nova"}`), forks, and answers `{"pid": 123}` when the
child has taken its title. It stays single-threaded, or its children would inherit locks that nobody releases.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from drivers import titles

Child = tuple[str, Callable[[], None]]
"""A role, and what the child is to do; it does not come back."""


def serve(folder: Path, path: str, child_of: Callable[[str], Child]) -> None:
    """Fork what is asked for, for ever.

    Args:
        folder: The lab's folder, the working directory.
        path: The socket, relative to `folder`.
        child_of: What is to be started when a name is asked for. Raises KeyError for a name that is not known.
    """
    gc.collect()
    gc.freeze()  # the collector would write to the pages that the children share
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, _reap)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        client, _ = listener.accept()
        with client:
            try:
                asked = json.loads(client.makefile("rb").readline())
                role, work = child_of(asked["start"])
            except (ValueError, KeyError) as error:
                client.sendall(json.dumps({"error": repr(error)}).encode() + b"\n")
                continue
            pid = _fork(folder, role, work, (listener, client))
            with suppress(OSError):  # the asker may have gone; the child stays, its title reports it
                client.sendall(json.dumps({"pid": pid}).encode() + b"\n")


def _fork(folder: Path, role: str, work: Callable[[], None], inherited: tuple[socket.socket, ...]) -> int:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        os.read(reader, 1)  # until the child has its title, or is dead
        os.close(reader)
        return pid
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for thing in inherited:
            thing.close()
        os.close(reader)
        titles.take(folder, role)
        os.write(writer, b"!")
        os.close(writer)
        work()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _reap(*_: object) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
