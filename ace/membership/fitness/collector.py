"""Asks a cloud for facts, each once and only when a test needs it."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import keystoneauth1.exceptions
import requests
from cryptography import x509

from ace.engine.contract import CloudError
from ace.membership.fitness import facts as f
from ace.membership.fitness.canary import try_canary
from ace.membership.fitness.contract import SERVICE_TYPES, SERVICES
from ace.membership.fitness.facts import FactUnavailable
from ace.membership.fitness.requirements import Requirements
from ace.openstack.cloud import Cloud
from ace.spec.values import CloudAccess

TIMEOUT_S: Final = 20.0
_PROBES: Final = {
    "identity": "/auth/projects",
    "compute": "/flavors?limit=1",
    "network": "/networks?limit=1",
    "image": "/images?limit=1",
    "block_storage": "/types?limit=1",
}
"""A cheap authorised request at each service."""


class Collector:
    """The facts of one data centre's cloud.

    Args:
        required: What the spec requires of it.
        environment: Where clouds.yaml is named.
        cancel: Set when the person wants to stop: the canary is taken away, and nothing new is begun.
    """

    def __init__(self, required: Requirements, environment: Mapping[str, str], cancel: threading.Event) -> None:
        self.required = required
        self.cancel = cancel
        self.cloud = Cloud({"cloud": required.cloud.cloud, "region": required.cloud.region}, environment)
        manages = required.cloud.access is CloudAccess.DOMAIN_MANAGER
        self.identity_cloud = (
            Cloud({"cloud": f"{required.cloud.cloud}-domain", "region": required.cloud.region}, environment)
            if manages
            else self.cloud
        )

    # -------------------------------------------------------------------------------------------------- without a login

    @cached_property
    def identity(self) -> f.IdentityFact:
        """Keystone's versions at the auth_url."""
        url = self.cloud.auth_url
        try:
            body = requests.get(url, timeout=TIMEOUT_S, verify=self._verify).json()
        except (requests.RequestException, ValueError) as error:
            raise self._no_answer(error) from None
        found = body.get("version") or body.get("versions") or []
        listed = found.get("values", []) if isinstance(found, dict) and "values" in found else found
        versions = listed if isinstance(listed, list) else [listed]
        return f.IdentityFact(url, tuple((str(one.get("id")), str(one.get("status"))) for one in versions))

    @cached_property
    def clock_skew_s(self) -> float:
        """How far the cloud's clock is ahead of ours, in seconds, by its HTTP `Date` (whole seconds)."""
        try:
            answer = requests.get(self.cloud.auth_url, timeout=TIMEOUT_S, verify=self._verify)
        except requests.RequestException as error:
            raise self._no_answer(error) from None
        stamp, zone, _ = answer.headers.get("Date", "").partition(" GMT")  # a proxy may add one of its own
        try:
            theirs = parsedate_to_datetime(stamp + zone).replace(tzinfo=UTC)  # HTTP dates are in GMT (RFC 9110, 5.6.7)
        except ValueError:
            raise FactUnavailable(
                "Keystone's answers carry no Date", "let its front server send the header Date"
            ) from None
        return (theirs - datetime.now(UTC)).total_seconds()

    @cached_property
    def round_trips_ms(self) -> tuple[float, ...]:
        """How long five answers of Keystone take on one connection, in milliseconds, the first left out."""
        taken = []
        with requests.Session() as session:
            for _ in range(6):
                begun = time.monotonic()
                try:
                    session.get(self.cloud.auth_url, timeout=TIMEOUT_S, verify=self._verify)
                except requests.RequestException as error:
                    raise self._no_answer(error) from None
                taken.append((time.monotonic() - begun) * 1000)
        return tuple(taken[1:])

    @cached_property
    def tls(self) -> tuple[f.TlsFact, ...]:
        """The certificate of the auth_url and, once it can be read, of each endpoint in the catalogue."""
        urls = [self.cloud.auth_url]
        with suppress(FactUnavailable):  # the auth_url alone, then; why there is no catalogue is another test's affair
            urls += [endpoint.url for endpoint in self.catalogue if endpoint.interface == "public"]
        hosts = {(parts.scheme, parts.hostname or "", parts.port): url for url in urls if (parts := urlsplit(url))}
        return tuple(self._certificate(*host) for host in hosts)

    # ------------------------------------------------------------------------------------------------------ with a login

    @cached_property
    def credentials(self) -> tuple[f.CredentialFact, ...]:
        """The entries of clouds.yaml that ACE works with."""
        clouds = {self.cloud.name: self.cloud, self.identity_cloud.name: self.identity_cloud}
        return tuple(self._credential(cloud) for cloud in clouds.values())

    @cached_property
    def catalogue(self) -> tuple[f.EndpointFact, ...]:
        """Every endpoint that the token names."""
        catalogue = self._access(self.cloud).service_catalog.catalog
        return tuple(
            f.EndpointFact(
                str(service.get("type")),
                str(endpoint.get("region_id") or endpoint.get("region")),
                str(endpoint.get("interface")),
                str(endpoint.get("url")),
            )
            for service in catalogue
            for endpoint in service.get("endpoints", ())
        )

    @cached_property
    def answers(self) -> tuple[f.AnswerFact, ...]:
        """What each service answers to one authorised request; one attempt, no retries."""
        self._access(self.cloud)
        return tuple(self._answer(service) for service in SERVICES)

    @cached_property
    def microversions(self) -> f.Microversions:
        """What compute and block storage speak."""
        found: dict[str, tuple[tuple[int, int], tuple[int, int]] | None] = {}
        for service in ("compute", "block_storage"):
            self._require(service)
            data = getattr(self.cloud.connection, service).get_endpoint_data()
            has = data is not None and data.min_microversion and data.max_microversion
            found[service] = (tuple(data.min_microversion), tuple(data.max_microversion)) if has else None
        return found

    @cached_property
    def extensions(self) -> frozenset[str]:
        """Neutron's extensions, by alias."""
        listed = self._items("network", "/extensions", "extensions")
        return frozenset(str(one["alias"]) for one in listed)

    @cached_property
    def roles(self) -> frozenset[str]:
        """The names of the roles that the cloud has."""
        self._require("identity")
        return frozenset(
            str(one["name"]) for one in self._ask(lambda: self.identity_cloud.items("identity", "/roles", "roles"))
        )

    @cached_property
    def quotas(self) -> tuple[f.QuotaFact, ...]:
        """Limits and use of the credential's project."""
        project = self._ask(lambda: self.cloud.project_id)
        found = []
        for service, path, noun in (
            ("compute", f"/os-quota-sets/{project}/detail", "quota_set"),
            ("network", f"/quotas/{project}/details.json", "quota"),
            ("block_storage", f"/os-quota-sets/{project}?usage=true", "quota_set"),
        ):
            body: dict[str, Any] = self._get(service, path) or {}
            found += [
                f.QuotaFact(service, name, int(one["limit"]), int(one["used" if "used" in one else "in_use"]))
                for name, one in body.get(noun, {}).items()
                if isinstance(one, dict)
            ]
        return tuple(found)

    @cached_property
    def flavors(self) -> tuple[f.FlavorFact, ...]:
        """The flavours that the credential sees."""
        return tuple(
            f.FlavorFact(
                str(one["name"]),
                int(one["vcpus"]),
                int(one["ram"]),
                int(one["disk"]),
                bool(one.get("os-flavor-access:is_public", True)),
            )
            for one in self._items("compute", "/flavors/detail", "flavors")
        )

    @cached_property
    def images(self) -> tuple[f.ImageFact, ...]:
        """The images of the required name."""
        listed = self._items("image", "/images", "images", {"name": self.required.cloud.image})
        return tuple(f.ImageFact(str(one["name"]), str(one["status"]), int(one.get("min_disk") or 0)) for one in listed)

    @cached_property
    def zones(self) -> tuple[tuple[str, bool], ...]:
        """Compute's availability zones, each with whether it is available."""
        listed = (self._get("compute", "/os-availability-zone") or {}).get("availabilityZoneInfo", ())
        return tuple((str(one["zoneName"]), bool(one["zoneState"]["available"])) for one in listed)

    @cached_property
    def external(self) -> f.ExternalFact:
        """The external network that the spec names."""
        networks = self._items("network", "/networks", "networks", {"router:external": "true"})
        names = tuple(sorted(str(network["name"]) for network in networks))
        named = next((network for network in networks if network["name"] == self.required.cloud.external_network), None)
        if named is None:
            return f.ExternalFact(names, "", (), None, None)
        subnets = self._items("network", "/subnets", "subnets", {"network_id": named["id"]})
        total = used = None
        try:
            availability = self._get("network", f"/network-ip-availabilities/{named['id']}")
        except FactUnavailable:
            availability = None
        if availability:
            listed = [
                one
                for one in availability["network_ip_availability"]["subnet_ip_availability"]
                if one["ip_version"] == 4
            ]
            total, used = sum(int(one["total_ips"]) for one in listed), sum(int(one["used_ips"]) for one in listed)
        return f.ExternalFact(
            names, str(named["status"]), tuple((int(s["ip_version"]), str(s["cidr"])) for s in subnets), total, used
        )

    @cached_property
    def canary(self) -> f.CanaryFact:
        """A tenant made and taken away again."""
        for service in ("identity", "network", "block_storage"):
            self._require(service)
        return try_canary(self.cloud, self.identity_cloud, self.required, self.cancel)

    # ------------------------------------------------------------------------------------------------------------ inside

    @property
    def _verify(self) -> str | bool:
        verify, _ = self._config.get_requests_verify_args()
        return verify if isinstance(verify, str | bool) else True

    @property
    def _config(self) -> Any:
        try:
            return self.cloud._config
        except CloudError as error:
            raise FactUnavailable(error.message, error.hint) from None

    def _no_answer(self, error: Exception) -> FactUnavailable:
        kind = type(error).__name__
        return FactUnavailable(f"{self.cloud.auth_url} gives no answer that can be used ({kind})", "see the test tls")

    def _ask(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except CloudError as error:
            raise FactUnavailable(error.message.removeprefix(f"{self.cloud.name}: "), error.hint) from None

    def _access(self, cloud: Cloud) -> Any:
        def ask() -> Any:
            cloud.identity()  # a login, and refuses what is unsafe
            return cloud.connection.session.auth.get_access(cloud.connection.session)

        return self._ask(ask)

    def _require(self, service: str) -> None:
        """Raises `FactUnavailable` when a service does not answer: asking it more would only take time."""
        answer = next(one for one in self.answers if one.service == service)
        if answer.problem:
            raise FactUnavailable(f"{service.replace('_', ' ')} does not answer", "see the test services")

    def _items(
        self, service: str, path: str, key: str, params: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        self._require(service)
        listed: list[dict[str, Any]] = self._ask(lambda: self.cloud.items(service, path, key, params=params or None))
        return listed

    def _get(self, service: str, path: str) -> Any:
        self._require(service)
        return self._ask(lambda: self.cloud.get(service, path))

    def _credential(self, cloud: Cloud) -> f.CredentialFact:
        access = self._access(cloud)
        scope = (
            "system"
            if getattr(access, "system_scoped", False)
            else "project"
            if access.project_id
            else "domain"
            if access.domain_id
            else "none"
        )
        restricted = (access._data.get("token", {}).get("application_credential") or {}).get("restricted", True)
        return f.CredentialFact(cloud.name, frozenset(map(str, access.role_names)), scope, not restricted)

    def _answer(self, service: str) -> f.AnswerFact:
        url = next(
            (
                endpoint.url
                for endpoint in self.catalogue
                if endpoint.service in SERVICE_TYPES[service]
                and endpoint.interface == "public"
                and endpoint.region == self.required.cloud.region
            ),
            "",
        )
        if not url:
            return f.AnswerFact(service, "", f"no public endpoint in region {self.required.cloud.region}")
        try:
            adapter = getattr(self.cloud.connection, service)
            response = adapter.request(_PROBES[service], "GET", raise_exc=False, timeout=TIMEOUT_S, connect_retries=0)
        except (keystoneauth1.exceptions.ClientException, requests.RequestException, CloudError) as error:
            return f.AnswerFact(service, url, f"no answer ({type(error).__name__})")
        except Exception as error:  # the SDK's own kinds, at discovery of a service that is not well
            return f.AnswerFact(service, url, f"no usable answer ({type(error).__name__})")
        if response.status_code >= 400:
            return f.AnswerFact(service, url, f"answers {response.status_code}")
        return f.AnswerFact(service, url, "")

    def _certificate(self, scheme: str, host: str, port: int | None) -> f.TlsFact:
        now, where = datetime.now(UTC), f"{host}:{port or 443}"
        if scheme != "https":
            return f.TlsFact(where, "", None, now, plain=True, loopback=_is_loopback(host))
        verify = self._verify
        context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
        problem = ""
        try:
            self._handshake(context, host, port)
        except ssl.SSLCertVerificationError as error:
            problem = error.verify_message or str(error)
        except (OSError, ssl.SSLError) as error:
            problem = str(error)
        return f.TlsFact(where, problem, self._not_after(host, port), now)

    def _not_after(self, host: str, port: int | None) -> datetime | None:
        """When the certificate ends, whether or not it would be accepted."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            raw = self._handshake(context, host, port)
        except (OSError, ssl.SSLError):
            return None
        return x509.load_der_x509_certificate(raw).not_valid_after_utc if raw else None

    def _handshake(self, context: ssl.SSLContext, host: str, port: int | None) -> bytes | None:
        with (
            socket.create_connection((host, port or 443), timeout=TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            return secure.getpeercert(binary_form=True)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
