"""A proxy that stands between ACE and a lab cloud and does to requests what bad networks and sick services do."""

from __future__ import annotations

import http.client
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from ace.openstack import provider

QUIET = replace(provider(), settling_s=0.5)
"""For clouds behind the proxy: a request whose answer is lost has been carried out by then, or never reached the cloud."""

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "accept-encoding"}


@dataclass
class Fault:
    """What happens to requests of a method and path.

    `what` is a status, or `reset before` | `reset after` | `hang` | `truncate` | `html`, or `refuse after STATUS`: the request
    is carried out and then refused, as by a service that repeats its own transaction. `times` of them, the first `skip`
    excepted; with `each`, so many for every path. `change` may instead alter a reply's body.
    """

    method: str
    path: str
    what: int | str = ""
    times: int = 1_000_000
    skip: int = 0
    each: bool = False
    retry_after: str = ""
    change: Callable[[bytes], bytes] | None = None
    seen: dict[str, int] = field(default_factory=dict)

    def strikes(self, method: str, path: str) -> bool:
        """Count a request; whether it is one of those."""
        if method not in self.method.split("|") or not re.search(self.path, path):
            return False
        key = f"{method} {path}" if self.each else ""
        self.seen[key] = self.seen.get(key, 0) + 1
        return self.skip < self.seen[key] <= self.skip + self.times


class HostileProxy:
    """Serves on loopback; `faults` may be changed at any time."""

    def __init__(self, target: str, delay_s: float = 0) -> None:
        self.target = target.rstrip("/")
        self.delay_s = delay_s
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault(self, method: str, path: str) -> Fault | None:
        """The first fault that strikes this request."""
        with self.lock:
            self.requests.append((method, path))
            return next((fault for fault in self.faults if fault.strikes(method, path)), None)


@contextmanager
def hostile(target: str, delay_s: float = 0) -> Iterator[HostileProxy]:
    """A proxy to the cloud at `target` while the block runs; each reply is held back for `delay_s`."""
    proxy = HostileProxy(target, delay_s)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


class _Handler(BaseHTTPRequestHandler):
    """Passes a request on, or does what the proxy's next fault says."""

    proxy: HostileProxy
    protocol_version = "HTTP/1.1"
    upstream: http.client.HTTPConnection | None = None

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def finish(self) -> None:
        super().finish()
        if self.upstream is not None:
            self.upstream.close()

    def log_message(self, *_: Any) -> None: ...

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.fault(self.command, self.path)
        what = fault.what if fault is not None else ""
        if isinstance(what, int):
            wait = {"Retry-After": fault.retry_after} if fault is not None and fault.retry_after else {}
            return self.reply(what, b'{"error": {"message": "the proxy says so"}}', "application/json", wait)
        if what == "reset before":
            return self.reset()
        if what == "hang":
            self.proxy.released.wait(30)
            return self.reset()
        status, headers, content = self.forward(body)
        if self.proxy.delay_s:
            time.sleep(self.proxy.delay_s)
        if str(what).startswith("refuse after"):
            refusal = b'{"error": {"message": "Requested item overlaps with another one"}}'
            return self.reply(int(str(what).split()[-1]), refusal, "application/json", {})
        if what == "reset after":
            return self.reset()
        if what == "html":
            return self.reply(status, b"<html>Welcome to the hotel's network</html>", "text/html", {})
        content = content.replace(self.proxy.target.encode(), self.proxy.url.encode())
        if fault is not None and fault.change is not None:
            content = fault.change(content)
        if what == "truncate":
            self.reply(status, content, headers.get("Content-Type", ""), {}, cut=True)
            return self.reset()
        location = headers.get("Location", "").replace(self.proxy.target, self.proxy.url)
        kept = {k: v for k, v in headers.items() if k.lower() not in _HOP_BY_HOP | {"content-type", "location"}}
        extra = kept | ({"Location": location} if location else {})
        return self.reply(status, content, headers.get("Content-Type", ""), extra)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = answer

    def forward(self, body: bytes) -> tuple[int, Any, bytes]:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
        for fresh in (False, True):
            if self.upstream is None or fresh:
                target = urlsplit(self.proxy.target)
                self.upstream = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
            try:
                self.upstream.request(self.command, self.path, body or None, headers)
                response = self.upstream.getresponse()
                return response.status, response.headers, response.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                if fresh:
                    raise
        raise AssertionError("unreachable")

    def reply(self, status: int, content: bytes, kind: str, headers: dict[str, str], *, cut: bool = False) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for key, value in headers.items():
            self.send_header(key, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(content[: len(content) // 2] if cut else content)

    def reset(self) -> None:
        """Close with RST, as a host that has forgotten us does."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def _handler_of(proxy: HostileProxy) -> type[_Handler]:
    return type("Handler", (_Handler,), {"proxy": proxy})
