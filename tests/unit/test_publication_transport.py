"""Publications are brought over https and by git, from a real server; and from nowhere that is not public."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ace.cli.main import app
from ace.publication.canonical import MAX_BYTES
from ace.publication.folder import Signed
from ace.publication.transport import TransportError, Way, bring
from tests.lab.tls_front import DAY, make_certificates
from tests.unit.publications import SPEC_DIR

LOOPBACK = ip_address("127.0.0.1")
Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """An https server on loopback, and how a test (and nobody else) may reach it."""

    url: str
    way: Way
    folder: Path
    answers: dict[str, Answer] = field(default_factory=dict)


def handler_of(server: Callable[[], Server]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here = server()
            file = here.folder / "served" / self.path.lstrip("/")
            if self.path in here.answers:
                here.answers[self.path](self)
            elif self.path.startswith("/git/"):
                self.git()
            elif file.is_file():
                self.say(200, file.read_bytes())
            else:
                self.say(404, b"")

        do_POST = do_GET

        def say(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def git(self) -> None:
            """Git's own server side (git-http-backend), as a web server would call it."""
            path, _, query = self.path.removeprefix("/git").partition("?")
            length = int(self.headers.get("Content-Length") or 0)
            environment = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(server().folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "uploadpack.allowFilter", "GIT_CONFIG_VALUE_0": "true",
                "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(length),
                "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            }  # fmt: skip
            done = subprocess.run(
                ["git", "http-backend"],
                input=self.rfile.read(length),
                capture_output=True,
                env=environment,
                check=False,
            )
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n") if b": " in line)
            self.say(int(headers.pop("Status", "200").split()[0]), body, **headers)

        def log_message(self, *_: object) -> None:
            return

    return Handler


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    ca, leaf = make_certificates(tmp_path, ends_in=30 * DAY)
    (tmp_path / "served").mkdir()
    made: list[Server] = []
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(lambda: made[0]))
    http.daemon_threads = True
    http.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that refuse us
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf)
    http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    way = Way(
        may_reach=lambda address: address == LOOPBACK,
        context=ssl.create_default_context(cafile=str(ca)),
        git_options=(f"http.sslCAInfo={ca}",),
        deadline_s=10,
    )
    made.append(Server(f"https://127.0.0.1:{http.server_address[1]}", way, tmp_path))
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield made[0]
    http.shutdown()
    http.server_close()


def redirect(where: str) -> Answer:
    return lambda handler: handler.say(302, b"", Location=where)  # type: ignore[attr-defined]


def test_a_folder_is_read_and_what_is_not_there_is_absent(server: Server) -> None:
    (server.folder / "served" / "tn.json").write_bytes(b"{}")
    (server.folder / "served" / "tn.json.sig").write_bytes(b"sig")
    assert bring(server.url, ["tn", "hub-tunis"], server.way) == {
        "tn": Signed(b"{}", b"sig"),
        "hub-tunis": Signed(None, None),
    }


def test_a_git_repository_is_read_and_what_is_not_there_is_absent(server: Server) -> None:
    work, bare = server.folder / "work", server.folder / "tn.git"

    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words], check=True, capture_output=True
        )

    git("init", "-q", str(work))
    (work / "tn.json").write_bytes(b"{}\n")
    (work / "tn.json.sig").write_bytes(b"x" * (MAX_BYTES + 10))
    git("-C", str(work), "add", ".")
    git("-C", str(work), "commit", "-qm", "x")
    git("clone", "-q", "--bare", str(work), str(bare))
    found = bring(f"{server.url}/git/tn.git", ["tn", "hub-tunis"], server.way)
    assert found["tn"].raw == b"{}\n"
    assert len(found["tn"].signature or b"") == MAX_BYTES + 1, "no more than says that it is too large"
    assert found["hub-tunis"] == Signed(None, None)
    with pytest.raises(TransportError, match="git cannot read"):
        bring(f"{server.url}/git/eg.git", ["eg"], server.way)


def test_no_more_is_read_than_says_that_it_is_too_large(server: Server) -> None:
    (server.folder / "served" / "tn.json").write_bytes(b"x" * (3 * MAX_BYTES))
    assert len(bring(server.url, ["tn"], server.way)["tn"].raw or b"") == MAX_BYTES + 1


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("http://127.0.0.1/tn.json", "only https addresses"),
        ("file:///etc/passwd", "only https addresses"),
        ("https://169.254.169.254/latest", "no public address"),
        ("https://user:word@127.0.0.1/", "without a user"),
        ("https://[::1]/", "no public address"),
        ("https://[::ffff:10.0.0.1]/", "no public address"),
    ],
)
def test_nobody_is_sent_on_to_what_is_not_public_or_not_https(server: Server, where: str, said: str) -> None:
    server.answers["/tn.json"] = redirect(where)
    with pytest.raises(TransportError, match=said):
        bring(server.url, ["tn"], server.way)


def test_who_is_sent_in_circles_gives_up_and_one_step_is_taken(server: Server) -> None:
    server.answers["/tn.json"] = redirect("/tn.json")
    with pytest.raises(TransportError, match="more than 3 times"):
        bring(server.url, ["tn"], server.way)
    server.answers["/tn.json"] = redirect("/there.json")
    (server.folder / "served" / "there.json").write_bytes(b"{}")
    assert bring(server.url, ["tn"], server.way)["tn"].raw == b"{}"


def test_a_server_that_is_slow_or_ill_or_has_another_s_certificate_is_out_of_reach(server: Server) -> None:
    gone, reached = threading.Event(), threading.Event()

    def drip(handler: BaseHTTPRequestHandler, text: bytes) -> None:
        """A byte now and then, until the other end has had enough."""
        with suppress(OSError):
            while True:
                handler.wfile.write(text)
                handler.wfile.flush()
                time.sleep(0.05)
        gone.set()

    def slow_body(handler: BaseHTTPRequestHandler) -> None:
        reached.set()
        handler.send_response(200)
        handler.end_headers()
        drip(handler, b"x")

    for slow in (slow_body, lambda handler: drip(handler, b"H")):
        gone.clear()
        server.answers["/tn.json"] = slow
        with pytest.raises(TransportError, match="it takes too long"):
            bring(server.url, ["tn"], Way(server.way.may_reach, server.way.context, deadline_s=1))
        assert gone.wait(60), "the connection is closed"
    server.answers["/git/tn.git/info/refs?service=git-upload-pack"] = slow_body
    way = Way(server.way.may_reach, git_options=server.way.git_options, deadline_s=1)
    gone.clear()
    reached.clear()
    with pytest.raises(TransportError, match="it takes too long"):
        bring(f"{server.url}/git/tn.git", ["tn"], way)
    if reached.is_set():  # on a busy machine git is ended before it has asked anything
        assert gone.wait(60), "git's own helper has ended too"
    server.answers["/tn.json"] = lambda handler: handler.say(500, b"")  # type: ignore[attr-defined]
    with pytest.raises(TransportError, match="answers 500"):
        bring(server.url, ["tn"], server.way)
    with pytest.raises(TransportError, match="certificate"):
        bring(server.url, ["tn"], Way(server.way.may_reach))


def test_the_command_asks_no_private_address_and_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A country's name that resolves into the region's own network."""
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    spec = Path(shutil.copytree(SPEC_DIR, tmp_path / "root" / "ecosystem"))
    (spec.parent / "publications").mkdir()
    (spec.parent / "publications" / "tn.json").write_text("before")
    for end in ("", "/tn.git"):
        file = spec / "members" / "tn.yaml"
        text = (SPEC_DIR / "members" / "tn.yaml").read_text()
        file.write_text(text.replace("\nstate:", f"\npublished_at: https://publications.cni.example{end}\nstate:", 1))
        said = CliRunner().invoke(app, ["publication", "fetch", "--spec", str(spec), "--format", "json"])
        assert said.exit_code == 1, said.output
        [told] = json.loads(said.stdout)["publications"]
        assert told["result"] == "out-of-reach"
        assert "no public address" in told["message"]
    assert (spec.parent / "publications" / "tn.json").read_text() == "before"
    refused = CliRunner().invoke(app, ["publication", "fetch", "eg", "--spec", str(spec), "--format", "json"])
    assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (1, "no-place")
