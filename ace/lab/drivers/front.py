"""A cloud's one address: hands each request to the service whose path it has.

One connection, one request: a kept connection could be closed by the service at the moment in which the next request
is sent, and a client must not repeat a POST. On loopback a new connection costs next to nothing.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal

from drivers.cloud import CloudConfig

LIMIT = 256 * 1024
HEAD_S = 300
HOP_HEADERS = (b"connection:", b"keep-alive:", b"proxy-connection:")


def run(cloud: CloudConfig) -> None:
    """Serve until SIGTERM."""
    from drivers.openstack.registry import SERVICES

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    sockets = {service.path.encode(): (name, cloud.socket(name)) for name, service in SERVICES.items()}
    asyncio.run(_serve(cloud, sockets))


Sockets = dict[bytes, tuple[str, str]]
"""First segment of the path -> service and its socket."""


async def _serve(cloud: CloudConfig, sockets: Sockets) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _one_request(reader, writer, sockets)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, cloud.address, cloud.port, limit=LIMIT, backlog=512)
    async with server:
        await server.serve_forever()


async def _one_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sockets: Sockets) -> None:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_S)
    request, *headers = head[:-4].split(b"\r\n")
    path = request.split(b" ", 2)[1] if request.count(b" ") >= 2 else b"/"
    name, place = sockets.get(b"/" + path.lstrip(b"/").split(b"/", 1)[0].split(b"?", 1)[0], ("", ""))
    if not name:
        await _answer(writer, b"404 Not Found", b"no such service; see /identity/v3")
        return
    try:
        service_reader, service_writer = await asyncio.open_unix_connection(place, limit=LIMIT)
    except OSError:
        await _answer(writer, b"503 Service Unavailable", f"{name} is down: ace lab status".encode())
        return
    kept = [header for header in headers if not header.lower().startswith(HOP_HEADERS)]
    service_writer.write(b"\r\n".join([request, *kept, b"Connection: close"]) + b"\r\n\r\n")
    upwards = asyncio.create_task(_pipe(reader, service_writer))
    try:
        await _pipe(service_reader, writer)
    finally:
        upwards.cancel()
        service_writer.close()


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(LIMIT):
        sink.write(data)
        await sink.drain()


async def _answer(writer: asyncio.StreamWriter, status: bytes, text: bytes) -> None:
    writer.write(
        b"HTTP/1.1 " + status + b"\r\nContent-Type: text/plain\r\nConnection: close\r\n"
        b"Content-Length: " + str(len(text)).encode() + b"\r\n\r\n" + text
    )
    await writer.drain()
