"""One cloud as resource types see it: requests that are answered or raise a `CloudError` for people."""

from __future__ import annotations

import copy
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cached_property
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import keystoneauth1.exceptions
import openstack
from keystoneauth1.session import TCPKeepAliveAdapter
from openstack.config import OpenStackConfig
from openstack.connection import Connection
from requests.exceptions import RequestException

from ace.engine.contract import CloudError, CloudIdentity, Properties

_TIMEOUT_S = 60
_SHORTEST_TIMEOUT_S = 5
_ATTEMPTS = 5
_IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE")
_NOT_TAKEN = (429, 503)
"""Answers that mean that the request was not even begun; any may be sent again."""
_PASSING = (*_NOT_TAKEN, 500, 502, 504)
"""Answers that may be another next time."""
_POOL_SIZE = 64
_SERVICES = {
    "identity": "keystone",
    "network": "neutron",
    "compute": "nova",
    "block_storage": "cinder",
    "image": "glance",
}
_AUTH_INPUTS = {
    "authUrl": "auth_url",
    "userName": "username",
    "userId": "user_id",
    "password": "password",
    "tenantName": "project_name",
    "tenantId": "project_id",
    "userDomainName": "user_domain_name",
    "userDomainId": "user_domain_id",
    "projectDomainName": "project_domain_name",
    "projectDomainId": "project_domain_id",
    "domainId": "domain_id",
    "domainName": "domain_name",
    "applicationCredentialId": "application_credential_id",
    "applicationCredentialName": "application_credential_name",
    "applicationCredentialSecret": "application_credential_secret",
}
_V3_PASSWORD = frozenset((*_AUTH_INPUTS.values(), "system_scope", "trust_id")) - {
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
}
"""What keystoneauth's `v3password` takes."""
JsonBody = Mapping[str, Any]


class _Clock:
    """How far a cloud's clock is ahead of this machine's, by the `Date` of its answers."""

    ahead_s: float = 0.0

    def read(self, response: Any, **_options: Any) -> None:
        """A hook of `requests`: take in one answer."""
        with suppress(ValueError, TypeError):
            self.ahead_s = parsedate_to_datetime(response.headers.get("Date")).timestamp() - time.time()


class Cloud:
    """A lazily opened, thread-safe connection.

    Args:
        inputs: Those of the `pulumi:providers:openstack` resource: `cloud`, `region`, or plain credentials.
        environment: Where `OS_CLIENT_CONFIG_FILE` is looked up.
    """

    def __init__(self, inputs: Properties, environment: Mapping[str, str]) -> None:
        self._inputs, self._environment = inputs, environment
        self.name = str(inputs.get("cloud") or inputs.get("authUrl") or "openstack")
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._kept: dict[str, Any] = {}
        self._deadline: float | None = None
        self._clock = _Clock()

    # ------------------------------------------------------------------------------------------------------- connection

    @cached_property
    def _config(self) -> Any:
        file = self._environment.get("OS_CLIENT_CONFIG_FILE")
        config = OpenStackConfig(config_files=[file] if file else None, load_envvars=False)
        auth = {name: self._inputs[key] for key, name in _AUTH_INPUTS.items() if self._inputs.get(key)}
        given: dict[str, Any] = {"auth": auth} if auth else {}
        if self._inputs.get("region"):
            given["region_name"] = self._inputs["region"]
        try:
            found = config.get_one(cloud=self._inputs.get("cloud"), **given)
            if _is_plain_v3(found.config):
                given["auth_type"] = "v3password"
                found = config.get_one(cloud=self._inputs.get("cloud"), **given)
            return found
        except openstack.exceptions.ConfigException as error:
            where = file or "clouds.yaml"
            raise CloudError(
                f"{self.name}: {where} does not lead to this cloud: {error}",
                hint=f"give it an entry named `{self.name}`, or set OS_CLIENT_CONFIG_FILE",
            ) from None

    @property
    def auth_url(self) -> str:
        """Keystone's address."""
        return str(self._config.config.get("auth", {}).get("auth_url", ""))

    @property
    def region(self) -> str:
        """The region that this provider works in."""
        return str(self._inputs.get("region") or self._config.config.get("region_name") or "")

    @property
    def connection(self) -> Connection:
        """The SDK's connection, one for all threads."""
        with self._opening:
            if "connection" not in self._kept:
                self._require_safe()
                connection = Connection(config=self._config)
                connection.session.session.hooks["response"].append(self._clock.read)
                for scheme in ("http://", "https://"):
                    pool = TCPKeepAliveAdapter(pool_connections=_POOL_SIZE, pool_maxsize=_POOL_SIZE)
                    connection.session.session.mount(scheme, pool)
                self._kept["connection"] = connection
            return self._kept["connection"]

    def _require_safe(self) -> None:
        """A real cloud is spoken to over verified TLS only.

        Raises:
            CloudError: Plain http to anything but loopback, or `verify: false`.
        """
        split = urlsplit(self.auth_url)
        loopback = _is_loopback(split.hostname or "")
        if split.scheme != "https" and not loopback:
            raise CloudError(
                f"{self.name}: auth_url {self.auth_url} is not https",
                hint="credentials travel over TLS only; use https",
            )
        if self._config.config.get("verify") is False and not loopback:
            raise CloudError(f"{self.name}: `verify: false` in clouds.yaml", hint="give `cacert:` instead")

    def identity(self) -> CloudIdentity:
        """Which cloud this is, by the token: one request."""
        access = self._ask(lambda: self.connection.session.auth.get_access(self.connection.session))
        marker = access.project_id or access.domain_id or "system"
        domain = access.project_domain_id or access.domain_id or ""
        return CloudIdentity(self.auth_url, self.region, domain, marker)

    @property
    def project_id(self) -> str:
        """The project that the credential is scoped to; empty for a domain's."""
        access = self._ask(lambda: self.connection.session.auth.get_access(self.connection.session))
        return str(access.project_id or "")

    def within(self, seconds: float) -> Cloud:
        """The same connection for one operation that may take that long from now.

        It bounds waits and repeats: what was sent is waited for a few seconds even so, since an answer is worth having.
        """
        limited = copy.copy(self)
        limited._deadline = time.monotonic() + seconds
        return limited

    @property
    def now(self) -> float:
        """What time it is there, by its last answer's `Date`, in seconds since the epoch; ours until its first answer."""
        return time.time() + self._clock.ahead_s

    def _left_s(self, usual_s: float) -> float:
        return usual_s if self._deadline is None else self._deadline - time.monotonic()

    def kept(self, key: str, make: Callable[[], Any]) -> Any:
        """What `make` gave the first time; for look-ups that stay true for a run."""
        with self._lock:
            if key in self._kept:
                return self._kept[key]
        made = make()
        with self._lock:
            return self._kept.setdefault(key, made)

    def has_kept(self, key: str, default: Any) -> Any:
        """What is kept under a key already."""
        with self._lock:
            return self._kept.get(key, default)

    # --------------------------------------------------------------------------------------------------------- requests

    def _ask(self, request: Callable[[], Any]) -> Any:
        """Run a request, its network faults reported as `CloudError` with status 0."""
        try:
            return request()
        except keystoneauth1.exceptions.Unauthorized:
            raise CloudError(
                f"{self.name}: Keystone at {self.auth_url} refuses the credentials (401)",
                status=401,
                hint="check this cloud's entry in clouds.yaml; an application credential may have expired",
            ) from None
        except (keystoneauth1.exceptions.CatalogException, openstack.exceptions.ServiceDisabledException) as error:
            raise CloudError(
                f"{self.name}: Keystone's catalogue has no usable endpoint: {error}",
                status=501,
                hint="is the service deployed, and its endpoint in the catalogue of this region and interface?",
            ) from None
        except keystoneauth1.exceptions.HttpError as error:
            raise CloudError(f"{self.name}: {error}", status=error.http_status) from None
        except (
            keystoneauth1.exceptions.ClientException,
            openstack.exceptions.SDKException,
            RequestException,
        ) as error:
            raise CloudError(
                f"{self.name}: no answer from {self.auth_url} ({type(error).__name__})",
                hint="is the cloud up and within reach? for a lab: `ace lab status`, `ace lab up`",
            ) from None
        except Exception as error:
            if type(error) is not Exception:  # keystoneauth raises bare ones where an entry lacks a password
                raise
            raise CloudError(
                f"{self.name}: its entry in clouds.yaml is not complete: {error}", hint="complete the entry"
            ) from None

    def request(
        self,
        service: str,
        method: str,
        path: str,
        *,
        json: JsonBody | None = None,
        params: Mapping[str, Any] | None = None,
        microversion: str | None = None,
        doing: str = "",
        absent_ok: bool = False,
        once: bool = False,
    ) -> Any:
        """One request; its JSON (None for an empty answer, or for a 404 when `absent_ok`).

        Sent again after 429 and 503; one that may be repeated (no POST, not `once`) also after connection faults, answers
        that are no JSON, and other server errors.

        Raises:
            CloudError: The cloud refuses (its status), or nothing that can be understood (status 0).
        """
        adapter = self._ask(lambda: getattr(self.connection, service))
        repeatable = method in _IDEMPOTENT and not once
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1 or self._left_s(1) <= 0
            try:
                response = self._ask(
                    lambda: adapter.request(
                        path,
                        method,
                        json=json,
                        params=params or None,
                        microversion=microversion,
                        raise_exc=False,
                        timeout=min(_TIMEOUT_S, max(self._left_s(_TIMEOUT_S), _SHORTEST_TIMEOUT_S)),
                    )
                )
            except CloudError as error:
                if last or error.status or not repeatable:
                    raise
                _pause(attempt, None)
                continue
            if response.status_code == 401 and attempt == 0:
                continue  # two threads met one expired token, and keystoneauth renews it for the first alone
            if response.status_code in (_PASSING if repeatable else _NOT_TAKEN) and not last:
                _pause(attempt, response.headers.get("Retry-After"))
                continue
            if response.status_code == 404 and absent_ok:
                return None
            if response.status_code >= 400:
                raise self._refusal(service, response, doing or f"{method} {path}")
            if not response.content:
                return None
            try:
                return response.json()
            except ValueError:
                if not repeatable or last:
                    raise self._gibberish(service, response, doing or f"{method} {path}") from None
                _pause(attempt, None)
        raise AssertionError("unreachable")

    def get(self, service: str, path: str, **options: Any) -> Any:
        """GET; None when it is not there."""
        return self.request(service, "GET", path, absent_ok=True, **options)

    def items(self, service: str, path: str, key: str, **options: Any) -> list[dict[str, Any]]:
        """All items of a list, over its pages."""
        found: list[dict[str, Any]] = []
        while path:
            body = self.request(service, "GET", path, **options) or {}
            found.extend(body.get(key) or [])
            links = body.get(f"{key}_links") or []
            path = next((link["href"] for link in links if link.get("rel") == "next"), "")
            options.pop("params", None)
        return found

    def _refusal(self, service: str, response: Any, doing: str) -> CloudError:
        name, detail = _SERVICES.get(service, service), _detail(response)
        return CloudError(
            f"{self.name}: {name} refused to {doing} ({response.status_code}): {detail}",
            status=response.status_code,
            hint=_hint(response.status_code, detail),
        )

    def _gibberish(self, service: str, response: Any, doing: str) -> CloudError:
        name, kind = _SERVICES.get(service, service), response.headers.get("Content-Type", "of no type")
        return CloudError(
            f"{self.name}: {name} was to {doing} and answered {response.status_code} with what is no JSON ({kind}): "
            f"{response.text.strip()[:80]!r}",
            hint="check what is between here and the cloud: a proxy, a load balancer's error page?",
        )

    def wait(self, what: str, settled: Callable[[], Any], timeout_s: float) -> Any:
        """Ask until `settled` gives something true, at growing intervals; `timeout_s` is what the operation usually may take.

        Raises:
            CloudError: Not in time.
        """
        allowed_s = self._left_s(timeout_s)
        deadline, pause = time.monotonic() + allowed_s, 0.1
        while True:
            result = settled()
            if result:
                return result
            if time.monotonic() + pause > deadline:
                raise CloudError(f"{self.name}: {what} took longer than it may ({max(allowed_s, 0):.0f} s)", status=504)
            time.sleep(pause)
            pause = min(pause * 1.5, 3.0)


def _is_plain_v3(config: Mapping[str, Any]) -> bool:
    """Whether an entry of auth_type `password` states itself that it is for v3, all that v3 needs included.

    Then a token costs one request; keystoneauth's `password` asks first which versions there are.
    """
    auth = {name for name, value in (config.get("auth") or {}).items() if value}
    return (
        config.get("auth_type") == "password"
        and urlsplit(str(config["auth"].get("auth_url", ""))).path.rstrip("/").endswith("/v3")
        and bool(auth & {"user_id", "user_domain_id", "user_domain_name"})
        and auth <= _V3_PASSWORD
    )


def _pause(attempt: int, retry_after: str | None) -> None:
    seconds = float(retry_after) if retry_after and retry_after.isdigit() else 0.3 * 2**attempt
    time.sleep(min(seconds, 30) * random.uniform(0.8, 1.2))  # noqa: S311 - jitter


def _detail(response: Any) -> str:
    """The message in an OpenStack error body, whose shape each service has its own of."""
    try:
        body = response.json()
    except ValueError:
        return (response.text or response.reason or "").strip()[:300]
    inner = next(iter(body.values()), body) if isinstance(body, dict) else body
    if isinstance(inner, dict):
        return str(inner.get("message") or inner)
    return str(inner)


def _hint(status: int, detail: str) -> str:
    if "quota" in detail.lower():
        return "a quota is used up: raise the tenant's `size:` in the member file, or ask the cloud's operator"
    if status == 403:
        return "the credential may not do this: see `access:` in the member file and the roles in clouds.yaml"
    if status == 409:
        return "something else uses it, or its name is taken; `ace refresh` shows what the cloud has now"
    return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
