"""One cloud's APIs, asked over HTTP by plain requests: enough to seed a cloud and to see that it answers."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class Login:
    """A user of a cloud and the project it acts in, both in the domain Default."""

    user: str
    password: str
    project: str

    def __repr__(self) -> str:
        return f"Login(user={self.user!r}, password=***, project={self.project!r})"


class ApiError(Exception):
    """A cloud's API refused, failed or was not to be reached (`status` 0)."""

    def __init__(self, method: str, path: str, status: int, text: str) -> None:
        super().__init__(f"{method} {path}: {status or 'no answer'} {text[:300]}".rstrip())
        self.status = status


class CloudApi:
    """A cloud at `address:port`, spoken to as `login`."""

    def __init__(self, address: str, port: int, login: Login, *, timeout_s: float = 60) -> None:
        self._place = (address, port)
        self._timeout_s = timeout_s
        self._login = login
        self._token = ""
        self.project_id = ""

    def log_in(self) -> None:
        """Get a token.

        Raises:
            ApiError: As for `ask`.
        """
        domain = {"name": "Default"}
        user = {"name": self._login.user, "password": self._login.password, "domain": domain}
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": self._login.project, "domain": domain}},
            }
        }
        headers, answer = self._send("POST", "/identity/v3/auth/tokens", json.dumps(body).encode(), {})
        self._token = headers["X-Subject-Token"]
        self.project_id = answer["token"]["project"]["id"]

    def ask(self, method: str, path: str, body: Any = None, *, media: str = "application/json") -> dict[str, Any]:
        """Send a request and give its JSON answer ({} if it has none). `{project}` in `path` is the login's project.

        Raises:
            ApiError: The answer is no success, or there is none in time.
        """
        if not self._token:
            self.log_in()
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"X-Auth-Token": self._token, "Content-Type": media}
        _, answer = self._send(method, path.format(project=self.project_id), raw, headers)
        return answer

    def get(self, path: str) -> dict[str, Any]:
        return self.ask("GET", path)

    def post(self, path: str, body: Any) -> dict[str, Any]:
        return self.ask("POST", path, body)

    def put(self, path: str, body: Any = None) -> dict[str, Any]:
        return self.ask("PUT", path, body)

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPMessage, dict[str, Any]]:
        connection = http.client.HTTPConnection(*self._place, timeout=self._timeout_s)
        try:
            connection.request(
                method, path, body, {"Accept": "application/json", "Content-Type": "application/json", **headers}
            )
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(method, path, 0, str(error)) from None
        finally:
            connection.close()
        if answer.status >= 300:
            raise ApiError(method, path, answer.status, text.decode("utf-8", errors="replace"))
        try:
            return answer.headers, cast("dict[str, Any]", json.loads(text)) if text.strip() else {}
        except ValueError:
            return answer.headers, {}


PROBES = (
    "/identity/v3/projects?limit=1",
    "/placement/resource_providers",
    "/image/v2/images?limit=1",
    "/network/v2.0/networks?limit=1",
    "/compute/v2.1/servers?limit=1",
    "/volume/v3/{project}/volumes?limit=1",
)
"""One authorised request to every API."""


def probe(api: CloudApi) -> None:
    """Ask every API one thing, in turn: an open port is no sign that a cloud is ready.

    In turn, because Neutron reads its policies at its first request and refuses others meanwhile.

    Raises:
        ApiError: One did not answer as it should.
    """
    for path in PROBES:
        api.get(path)
