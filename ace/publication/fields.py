"""The kinds of value in a publication beyond those of the spec's files: countries in lower case, moments, keys."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any, Final

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from ace.files import timestamp
from ace.spec import iso3166
from ace.spec.fields import refuse, shown

MOMENT_PATTERN: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_MOMENT = re.compile(MOMENT_PATTERN)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HOST_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62})){2}")


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        refuse("wrong-type", f"expected {what}, not {shown(value)}")
    return value


def _country(value: Any) -> str:
    text = _text(value, "a country code in lower case")
    if text != text.lower() or text.upper() not in iso3166.COUNTRIES:
        refuse("country-code", f"{shown(text)} is no country code of Africa in lower case")
    return text


def _audience(value: Any) -> str:
    return "all" if value == "all" else _country(value)


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(microsecond=0)
    text = _text(value, "a moment such as 2026-11-25T02:00:00Z")
    if not _MOMENT.fullmatch(text):
        refuse("bad-moment", f"{shown(text)} is no moment such as 2026-11-25T02:00:00Z")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        refuse("bad-moment", f"{shown(text)} is no moment of any calendar")


def _wireguard_key(value: Any) -> str:
    text = _text(value, "a WireGuard public key")
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    if len(blob) != 32 or not any(blob) or base64.b64encode(blob).decode() != text:
        refuse("bad-wireguard-key", f"{shown(text)} is no WireGuard public key (32 bytes in base64)")
    return text


def _digest(value: Any) -> str:
    text = _text(value, "a SHA-256 in hex")
    if not _DIGEST.fullmatch(text):
        refuse("bad-digest", f"{shown(text)} is no SHA-256 in hex")
    return text


def _host_name(value: Any) -> str:
    text = _text(value, "a host's name")
    if not _HOST_NAME.fullmatch(text):
        refuse("bad-name", f"{shown(text)} is no name of a host such as hub-tunis.tunis-1.tn")
    return text


def _address4(value: Any) -> IPv4Address:
    if isinstance(value, IPv4Address):
        return value
    text = _text(value, "an IPv4 address")
    try:
        return IPv4Address(text)
    except ValueError:
        refuse("bad-address", f"{shown(value)} is no IPv4 address")


def _address6(value: Any) -> IPv6Address:
    if isinstance(value, IPv6Address):
        return value
    text = _text(value, "an IPv6 address")
    try:
        return IPv6Address(text)
    except ValueError:
        refuse("bad-address", f"{shown(value)} is no IPv6 address")


def _network4(value: Any) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    text = _text(value, "an IPv4 prefix")
    try:
        return IPv4Network(text)
    except ValueError:
        refuse("bad-prefix", f"{shown(value)} is no IPv4 prefix")


def _network6(value: Any) -> IPv6Network:
    if isinstance(value, IPv6Network):
        return value
    text = _text(value, "an IPv6 prefix")
    try:
        return IPv6Network(text)
    except ValueError:
        refuse("bad-prefix", f"{shown(value)} is no IPv6 prefix")


def _network(value: Any) -> IPv4Network | IPv6Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    return _network6(value) if ":" in _text(value, "a prefix") else _network4(value)


def _schema(title: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": title, **more})


_AS_TEXT = PlainSerializer(str, return_type=str, when_used="json")

Country = Annotated[
    str,
    PlainValidator(_country),
    _schema("ISO 3166-1 alpha-2 in lower case", enum=sorted(code.lower() for code in iso3166.COUNTRIES)),
]
Audience = Annotated[
    str,
    PlainValidator(_audience),
    _schema("`all` or a country", enum=["all", *sorted(code.lower() for code in iso3166.COUNTRIES)]),
]
Moment = Annotated[
    datetime,
    PlainValidator(_moment),
    PlainSerializer(timestamp, return_type=str, when_used="json"),
    _schema("A moment in UTC (RFC 3339), whole seconds", pattern=f"^{MOMENT_PATTERN}$"),
]
WireguardKey = Annotated[
    str,
    PlainValidator(_wireguard_key),
    _schema("A WireGuard public key: 32 bytes in base64", pattern="^[A-Za-z0-9+/]{43}=$"),
]
Digest = Annotated[str, PlainValidator(_digest), _schema("SHA-256 in hex", pattern="^[0-9a-f]{64}$")]
HostName = Annotated[str, PlainValidator(_host_name), _schema("A host: name, data centre, country")]
Address4 = Annotated[IPv4Address, PlainValidator(_address4), _AS_TEXT, _schema("An IPv4 address")]
Address6 = Annotated[IPv6Address, PlainValidator(_address6), _AS_TEXT, _schema("An IPv6 address")]
Network4 = Annotated[IPv4Network, PlainValidator(_network4), _AS_TEXT, _schema("An IPv4 prefix")]
Network6 = Annotated[IPv6Network, PlainValidator(_network6), _AS_TEXT, _schema("An IPv6 prefix")]
Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network), _AS_TEXT, _schema("A prefix")]
