"""A web server for looking at the built site: this machine only, files only, no listing of folders."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ace.errors import UserError


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 - the base class has it so
        **SimpleHTTPRequestHandler.extensions_map,
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".csv": "text/csv; charset=utf-8",
        ".jsonld": "application/ld+json",
        ".atom": "application/atom+xml",
        ".yaml": "application/yaml",
    }

    def list_directory(self, path: Any) -> None:  # noqa: ARG002 - the base class's signature
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the reader looks at the pages, not at a log."""


def listen(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server on 127.0.0.1; call `serve_forever`, then `server_close`.

    Raises:
        UserError: The port is taken.
    """
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise UserError(
            f"port {port} of this machine cannot be used: {error.strerror}",
            hint="name another with --port (0: any free one)",
            code="no-port",
        ) from None
