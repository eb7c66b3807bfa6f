"""The outside, as far as a lab has one: a process that listens on the underlay, behind every router.

At 203.0.113.1 and 2001:db8:ffff::1, port 80 names the owner asks; port 3142 is a proxy by which hosts get Debian packages. It
asks only those servers that the hosts' root file system names as package sources; there is no other way from a host to
a network of this machine.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from drivers.dataplane import kernel
from drivers.dataplane.kernel import DataPlane
from drivers.dataplane.names import NAMESPACES, Names, lab_tag
from drivers.dataplane.plan import OUTSIDE

ROLE = "outside"
ANSWERS, PROXY = 80, 3142
CLONE_NEWNET = 0x40000000
HEAD_BYTES = 64 * 1024
WAIT_S = 60
LOOK_S = 5
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SOURCE = re.compile(r"https?://([^/\s]+)")


def run(folder: Path) -> None:
    """Serve until SIGTERM, or until the underlay is another one."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    names = Names(lab_tag(folder), ROLE)
    lock = folder / "run" / "underlay.lock"
    DataPlane(names, lock=lock, underlay_lock=lock).underlay()
    ground = kernel.identity(names.underlay)
    sockets = _listen(NAMESPACES / names.underlay)
    asyncio.run(_serve(sockets, package_servers(folder / "base"), lambda: kernel.identity(names.underlay) == ground))


def package_servers(base: Path) -> frozenset[str]:
    """The servers (`host` or `host:port`) from which the root file system at `base` takes packages."""
    folder = base / "etc" / "apt"
    found: set[str] = set()
    for file in (folder / "sources.list", *sorted(folder.glob("sources.list.d/*"))):
        with suppress(OSError):
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            found.update(*(SOURCE.findall(line) for line in lines if not line.lstrip().startswith("#")))
    return frozenset(found)


def _listen(namespace: Path) -> dict[int, list[socket.socket]]:
    """Sockets in the underlay; a socket stays where it was made, and this thread goes back to where it was."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/self/ns/net").open("rb") as here, namespace.open("rb") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "the underlay cannot be entered")
        try:
            return {port: [_socket(str(address.ip), port) for address in OUTSIDE] for port in (ANSWERS, PROXY)}
        finally:
            if libc.setns(here.fileno(), CLONE_NEWNET):
                os._exit(1)


def _socket(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((address, port))
    made.listen(64)
    return made


async def _serve(
    sockets: dict[int, list[socket.socket]], servers: frozenset[str], same_ground: Callable[[], bool]
) -> None:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _relay(reader, writer, servers)

    for port, handle in ((ANSWERS, _tell), (PROXY, relay)):
        for listener in sockets[port]:
            await asyncio.start_server(_guarded(handle), sock=listener, limit=HEAD_BYTES)
    while same_ground():
        await asyncio.sleep(LOOK_S)


def _guarded(handle: Handler) -> Handler:
    """A client that goes away is no error."""

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ValueError):
            await handle(reader, writer)
        writer.close()

    return guarded


async def _tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S)
    await _answer(writer, "200 OK", f"this is the outside; you are {writer.get_extra_info('peername')[0]}\n")


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, servers: frozenset[str]) -> None:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT_S)
    request, *headers = head[:-4].decode("latin-1").split("\r\n")
    method, target, version = request.split(" ", 2)
    tunnel = method == "CONNECT"
    asked = urlsplit(f"//{target}" if tunnel else target)
    place = asked.netloc.removesuffix(":443" if tunnel else ":80")
    if place not in servers or not (tunnel or (asked.scheme == "http" and method in ("GET", "HEAD"))):
        await _answer(
            writer, "403 Forbidden", f"this proxy is for Debian packages, from {', '.join(sorted(servers))}\n"
        )
        return
    try:
        port = asked.port or (443 if tunnel else 80)
        opening = asyncio.open_connection(asked.hostname, port, limit=HEAD_BYTES)
        there_reader, there_writer = await asyncio.wait_for(opening, WAIT_S)
    except (OSError, TimeoutError) as error:
        await _answer(writer, "502 Bad Gateway", f"{place}: {error}\n")
        return
    if tunnel:
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        path = f"{asked.path or '/'}{'?' + asked.query if asked.query else ''}"
        kept = [line for line in headers if not line.lower().startswith(("connection:", "proxy-"))]
        lines = [f"{method} {path} {version}", *kept, "Connection: close"]
        there_writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    upwards = asyncio.create_task(_pipe(reader, there_writer))
    try:
        await _pipe(there_reader, writer)
    finally:
        upwards.cancel()
        there_writer.close()


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(HEAD_BYTES):
        sink.write(data)
        await sink.drain()


async def _answer(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
