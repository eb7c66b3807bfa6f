"""Bring publications from where a country puts them: an https address or a git repository reached by https.

What is brought is bytes that nobody believes yet. The way there is guarded: certificates are checked, nobody is sent to an
address that is not public (also not by a redirect, or by a name that resolves to one), one answer has a size and a time.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from ace.plaintext import last_line, on_one_line
from ace.publication.canonical import MAX_BYTES
from ace.publication.folder import Signed

GIT: Final = ".git"
"""How the address of a repository ends."""
DEADLINE_S: Final = 30.0
"""For one file, or one repository."""
REDIRECTS: Final = 3
_CHUNK: Final = 64 * 1024
_SENT_ON: Final = frozenset({301, 302, 303, 307, 308})
Address = IPv4Address | IPv6Address


class TransportError(Exception):
    """It could not be brought; the message is a clean line. What is simply not there is no error."""


@dataclass(frozen=True)
class Way:
    """How to get there; the default is how everybody must."""

    may_reach: Callable[[Address], bool] = lambda address: address.is_global and not address.is_multicast
    context: ssl.SSLContext | None = None
    """None: the machine's own authorities."""
    git_options: Sequence[str] = ()
    """More settings of git, such as the authority of a test."""
    deadline_s: float = DEADLINE_S


def bring(url: str, names: Sequence[str], way: Way | None = None) -> dict[str, Signed]:
    """The publications of those names (`tn`, `hub-tunis`) and their signatures; at most one byte more than the limit of each.

    Raises:
        TransportError: The place cannot be reached, or is none that may be.
    """
    how = way or Way()
    if url.endswith(GIT):
        return _from_git(url, names, how)
    base = url if url.endswith("/") else url + "/"
    return {name: Signed(_get(f"{base}{name}.json", how), _get(f"{base}{name}.json.sig", how)) for name in names}


# ------------------------------------------------------------------------------------------------------------- https


def _get(url: str, way: Way) -> bytes | None:
    deadline = time.monotonic() + way.deadline_s
    for _ in range(REDIRECTS + 1):
        host, port, path = _parts(url)
        try:
            answer, body = _ask(host, port, path, way, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise TransportError(f"{host} cannot be asked: {on_one_line(error)}") from None
        if answer.status in _SENT_ON:
            url = urljoin(url, answer.getheader("Location", ""))
            continue
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise TransportError(f"{host} answers {answer.status}")
        return body
    raise TransportError(f"{host} sends from one address to the next more than {REDIRECTS} times")


def _parts(url: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        raise TransportError("that is no address") from None
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise TransportError(
            f"only https addresses without a user are asked, not {on_one_line(parts.scheme or 'nothing')}:"
        )
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
        f"?{quote(parts.query, safe='=&%')}" if parts.query else ""
    )
    return parts.hostname, port, path


def _ask(host: str, port: int, path: str, way: Way, deadline: float) -> tuple[http.client.HTTPResponse, bytes]:
    address = _public(host, port, way)
    context = way.context or ssl.create_default_context()
    plain = socket.create_connection((str(address), port), timeout=_left(deadline))
    connection = http.client.HTTPSConnection(host, port, context=context)
    with plain.dup() as line, _cut_at(deadline, line):
        try:
            connection.sock = context.wrap_socket(plain, server_hostname=host)
            connection.request("GET", path, headers={"User-Agent": "ace", "Accept": "*/*"})
            answer = connection.getresponse()
            body = b""
            while len(body) <= MAX_BYTES and (chunk := answer.read(min(_CHUNK, MAX_BYTES + 1 - len(body)))):
                body += chunk
        except (OSError, http.client.HTTPException):
            _left(deadline)  # where it was cut, that is why
            raise
        finally:
            connection.close()
            plain.close()
    _left(deadline)
    return answer, body


@contextmanager
def _cut_at(deadline: float, line: socket.socket) -> Iterator[None]:
    """Close a connection at its time, whatever is being read: a socket's own limit begins anew with every byte."""

    def cut() -> None:
        with suppress(OSError):  # the other end was quicker
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_left(deadline), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _public(host: str, port: int, way: Way) -> Address:
    """The address that is connected to: the very one that was looked at, so that a name cannot change in between."""
    found = [
        ip_address(str(one[4][0]).partition("%")[0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]
    for address in found:
        real = getattr(address, "ipv4_mapped", None) or address
        if not way.may_reach(real):
            raise TransportError(f"{host} leads to {address}, which is no public address")
    return found[0]


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise OSError("it takes too long")
    return left


# --------------------------------------------------------------------------------------------------------------- git


def _from_git(url: str, names: Sequence[str], way: Way) -> dict[str, Signed]:
    host, port, _ = _parts(url)
    try:
        address = _public(host, port, way)
    except OSError as error:
        raise TransportError(f"{host} cannot be found: {on_one_line(error)}") from None
    deadline = time.monotonic() + way.deadline_s
    pinned = f"{host}:{port}:{f'[{address}]' if address.version == 6 else address}"
    options = [
        *("-c", "http.followRedirects=false", "-c", f"http.curloptResolve={pinned}", "-c", "credential.helper="),
        *("-c", "protocol.allow=never", "-c", "protocol.https.allow=always", "-c", "core.hooksPath=/dev/null"),
        *(word for option in way.git_options for word in ("-c", option)),
    ]
    with tempfile.TemporaryDirectory(prefix="ace-git-") as folder:
        clone = ("clone", "--quiet", "--bare", "--depth=1", f"--filter=blob:limit={MAX_BYTES + 1}", "--", url, folder)
        done = _git((*options, *clone), deadline)
        if done.returncode:
            raise TransportError(f"git cannot read {on_one_line(url)}: {last_line(done.stderr, 'no word of why')}")
        return {
            name: Signed(
                _blob(folder, f"{name}.json", options, deadline), _blob(folder, f"{name}.json.sig", options, deadline)
            )
            for name in names
        }


def _blob(folder: str, path: str, options: Sequence[str], deadline: float) -> bytes | None:
    place = f"--git-dir={folder}"
    size = _git((*options, place, "cat-file", "-s", f"HEAD:{path}"), deadline)
    if size.returncode:
        return None
    if int(size.stdout or b"0") > MAX_BYTES:
        return b" " * (MAX_BYTES + 1)  # too large, whatever it is
    return _git((*options, place, "cat-file", "blob", f"HEAD:{path}"), deadline).stdout


def _git(arguments: Sequence[str], deadline: float) -> subprocess.CompletedProcess[bytes]:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    try:
        running = subprocess.Popen(
            ["git", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise TransportError("git is not installed here") from None
    with running:
        try:
            out, err = running.communicate(timeout=_left(deadline))
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)  # with what git started for the way there
            if isinstance(error, OSError | subprocess.TimeoutExpired):
                raise TransportError("it takes too long") from None
            raise
    return subprocess.CompletedProcess(running.args, running.returncode, out, err)
