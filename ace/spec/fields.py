"""The kinds of value that a spec file may hold. Text of others is data: each kind is parsed, nothing passes as is."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from enum import StrEnum
from typing import Annotated, Any, Final, NoReturn, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ace.spec import iso3166
from ace.spec.text import MAX_LINE, hidden_character, shorten

ID_PATTERN: Final = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
_ID = re.compile(ID_PATTERN)
_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MAILBOX = re.compile(r"[a-z0-9](?:[a-z0-9._+-]{0,62}[a-z0-9])?")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._()-]{0,78}[A-Za-z0-9)])?")
_KEY_COMMENT = re.compile(r"[A-Za-z0-9@._-]{1,64}")
_URL_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_HOURS = re.compile(
    r"24x7|(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:[01][0-9]|2[0-3]):[0-5][0-9]|(?:[1-9]|1[0-9]|2[0-4])x[1-7]"
)
_FLAVOR = re.compile(r"SCS-([1-9][0-9]{0,2})([LVTC])-([1-9][0-9]{0,3})(?:-([1-9][0-9]{0,4})([nhsp]?))?")
_BACKEND = re.compile(r"(?:file|s3|azblob|gs|https|postgres)://[A-Za-z0-9._~/:?&=%-]{1,200}")
_SIGNATURE = re.compile(r"U1NIU0lH[A-Za-z0-9+/]{100,1500}={0,2}")
_SUBJECT = re.compile(rf"[a-z_]{{3,20}}/{ID_PATTERN}(?:/{ID_PATTERN})?")
_DURATION = re.compile(r"([1-9][0-9]?)([ym])")
_KEY_SIZES: Final = {
    "ssh-ed25519": 51,
    "sk-ssh-ed25519@openssh.com": None,
    "ecdsa-sha2-nistp256": 104,
    "ecdsa-sha2-nistp384": 136,
    "ecdsa-sha2-nistp521": 172,
}
"""Public key types that are accepted, with the length of their blob in bytes where it is fixed (RFC 8709, RFC 5656)."""


def refuse(code: str, message: str) -> NoReturn:
    """Raise a validation error with our own text (braces in them are no placeholders)."""
    raise PydanticCustomError("ace", "{message}", {"code": code, "message": message})


def shown(value: Any) -> str:
    """A value as a message shows it: quoted text, or the plain value, never longer than a line bears."""
    if isinstance(value, str):
        return repr(shorten(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return "nothing" if value is None else shorten(str(value))


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        refuse("wrong-type", f"expected {what}, not {shown(value)}" + _quote_hint(value))
    if hidden := hidden_character(value):
        refuse("control-character", f"{hidden[1]} is not allowed in a text")
    return value


def _quote_hint(value: Any) -> str:
    return "; put it in quotes to make it text" if isinstance(value, int | float) else ""


def _id(value: Any) -> str:
    text = _text(value, "a name")
    if not _ID.fullmatch(text):
        refuse("bad-name", f"{shown(text)} is no name; use 1 to 40 of a-z, 0-9 and inner hyphens")
    return text


def _line(value: Any) -> str:
    text = _text(value, "a text")
    if not text.strip() or text != text.strip():
        refuse("bad-text", "the text is empty or has blanks around it")
    if len(text) > MAX_LINE:
        refuse("bad-text", f"the text has {len(text)} characters; at most {MAX_LINE} are allowed")
    return text


def _plain_name(value: Any) -> str:
    text = _text(value, "a name")
    if not _PLAIN_NAME.fullmatch(text):
        refuse("bad-name", f"{shown(text)} is no plain name; use up to 80 letters, digits, blanks and . _ - ( )")
    return text


def _country(value: Any) -> str:
    text = _text(value, "an ISO 3166 country code (a bare `no` or `null` needs quotes)")
    if text in iso3166.COUNTRIES:
        return text
    near = text.upper()
    if near in iso3166.COUNTRIES:
        refuse("country-code", f"{shown(text)} is not written as ISO 3166 does; write {near}")
    if near in iso3166.OTHER_CODES:
        refuse("country-code", f"{shown(text)} is the ISO 3166 code of a country outside Africa")
    refuse("country-code", f"{shown(text)} is no ISO 3166-1 alpha-2 country code")


def _audience(value: Any) -> str:
    return "all" if value == "all" else _country(value)


def _host(text: str, what: str) -> str:
    labels = text.split(".")
    bad = next((label for label in labels if not _HOST_LABEL.fullmatch(label)), None)
    if len(text) > 253 or len(labels) < 2 or bad is not None or labels[-1].isdigit():
        refuse("bad-host", f"{shown(text)} is no {what} such as services.gov.example")
    if labels[-1] in {"localhost", "local", "internal", "onion"}:
        refuse("bad-host", f"{shown(text)} is a name that only its own network knows")
    return text


def _domain(value: Any) -> str:
    return _host(_text(value, "a domain name"), "domain name in lower case")


def _url(value: Any) -> str:
    text = _text(value, "an https address")
    if not text.startswith("https://"):
        refuse("bad-url", f"{shown(text)} is no https address (it must begin with https://)")
    if len(text) > MAX_LINE:
        refuse("bad-url", f"the address is longer than {MAX_LINE} characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        refuse("bad-url", f"{shown(text)} is no well-formed https address")
    if "@" in parts.netloc:
        refuse("bad-url", "an address must not carry a user name or password")
    _host(parts.hostname if parts.hostname and parts.netloc.islower() else parts.netloc, "host name in lower case")
    if port is not None and not 1 <= port <= 65535:
        refuse("bad-url", f"{shown(text)} has no valid port")
    if not all(_URL_PATH.fullmatch(part) for part in (parts.path, parts.query.replace("?", "/"), parts.fragment)):
        refuse("bad-url", f"{shown(text)} holds characters that an address must percent-encode")
    return text


def _email(value: Any) -> str:
    text = _text(value, "an e-mail address")
    mailbox, at, host = text.rpartition("@")
    if not at or not _MAILBOX.fullmatch(mailbox):
        refuse("bad-email", f"{shown(text)} is no e-mail address in lower case")
    _host(host, "e-mail domain in lower case")
    return text


def _public_key(value: Any) -> str:
    text = _text(value, "an OpenSSH public key")
    if "PRIVATE KEY" in text:
        refuse("private-key", "this is a PRIVATE key: withdraw it now, it is no secret any more; give the public half")
    parts = text.split(" ")
    if parts[0] == "ssh-rsa" or parts[0] == "ssh-dss":
        refuse("bad-key", f"{parts[0]} keys are not accepted; make one with `ssh-keygen -t ed25519`")
    if parts[0] not in _KEY_SIZES or not 2 <= len(parts) <= 3:
        refuse("bad-key", f"{shown(text)} is no OpenSSH public key (`ssh-ed25519 AAAA... comment`)")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (binascii.Error, ValueError):
        refuse("bad-key", "the key's second word is no base64")
    name = parts[0].encode()
    size = _KEY_SIZES[parts[0]]
    if blob[: 4 + len(name)] != len(name).to_bytes(4, "big") + name or (size is not None and len(blob) != size):
        refuse("bad-key", f"the key is damaged: its second word holds no {parts[0]} key")
    if len(parts) == 3 and not _KEY_COMMENT.fullmatch(parts[2]):
        refuse("bad-key", "the key's comment may hold letters, digits and @ . _ - only")
    return text


def _signature(value: Any) -> str:
    text = _text(value, "a signature on one line")
    if not _SIGNATURE.fullmatch(text):
        refuse("bad-signature", "this is no SSH signature on one line; `ace policy approve` prints it")
    return text


def _subject(value: Any) -> str:
    text = _text(value, "what the rule speaks of")
    if not _SUBJECT.fullmatch(text):
        refuse("bad-subject", f"{shown(text)} is no subject such as tenant/tn/health; copy it from a finding")
    return text


def _prefix4(value: Any) -> ipaddress.IPv4Network:
    text = _text(value, "an IPv4 prefix")
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        _bad_prefix(text, "an IPv4 prefix such as 10.64.0.0/10", ipaddress.IPv4Network)


def _prefix6(value: Any) -> ipaddress.IPv6Network:
    text = _text(value, "an IPv6 prefix")
    try:
        return ipaddress.IPv6Network(text)
    except ValueError:
        _bad_prefix(text, "an IPv6 prefix such as fd00:1234:5000::/36", ipaddress.IPv6Network)


def _bad_prefix(text: str, expected: str, kind: type[ipaddress.IPv4Network] | type[ipaddress.IPv6Network]) -> NoReturn:
    try:
        meant = kind(text, strict=False)
    except ValueError:
        refuse("bad-prefix", f"{shown(text)} is not {expected}")
    refuse("bad-prefix", f"{shown(text)} has bits set beyond its length; is {meant} meant?")


def _duration(value: Any) -> int:
    text = _text(value, "a time such as 3y or 18m")
    match = _DURATION.fullmatch(text)
    if match is None:
        refuse("bad-duration", f"{shown(text)} is no time such as 3y (years) or 18m (months)")
    return int(match[1]) * (12 if match[2] == "y" else 1)


def parse_flavor(name: str) -> tuple[int, int, int] | None:
    """Vcpus, RAM in GiB and disk in GB of an SCS flavour name (standard scs-0100-v3); None when it is none."""
    match = _FLAVOR.fullmatch(name)
    return (int(match[1]), int(match[3]), int(match[4] or 0)) if match else None


def _flavor(value: Any) -> str:
    text = _text(value, "a flavour name")
    if parse_flavor(text) is None:
        refuse("bad-flavor", f"{shown(text)} is no SCS flavour name such as SCS-2V-4-10")
    return text


def _backend(value: Any) -> str:
    text = _text(value, "where the state is kept")
    if text != "local" and not _BACKEND.fullmatch(text):
        refuse("bad-backend", f"{shown(text)} is no place for a state; write local, or one such as s3://bucket/folder")
    return text


def _hours(value: Any) -> str:
    text = _text(value, "support hours")
    if not _HOURS.fullmatch(text):
        refuse("bad-hours", f"{shown(text)} are no support hours; write 24x7, 8x5 or 08:00-18:00")
    return text


Enumeration = TypeVar("Enumeration", bound=StrEnum)


def choice_of(kind: type[Enumeration]) -> BeforeValidator:
    """Takes one of an enumeration's text."""

    def parse(value: Any) -> Enumeration:
        if isinstance(value, str) and value in set(kind):
            return kind(value)
        refuse("bad-choice", f"{shown(value)} is not one of {', '.join(kind)}")

    return BeforeValidator(parse, json_schema_input_type=kind)


def _unique(values: list[Any]) -> list[Any]:
    seen: list[Any] = []
    for value in values:
        if value in seen:
            refuse("duplicate", f"{shown(value)} is listed twice")
        seen.append(value)
    return values


def _string_schema(title: str, pattern: str = "", **more: Any) -> WithJsonSchema:
    pattern_part = {"pattern": f"^(?:{pattern})$"} if pattern else {}
    return WithJsonSchema({"type": "string", "description": title, **pattern_part, **more})


Id = Annotated[str, BeforeValidator(_id), _string_schema("1 to 40 of a-z, 0-9 and inner hyphens", ID_PATTERN)]
Line = Annotated[str, BeforeValidator(_line), _string_schema("One line of text", minLength=1, maxLength=MAX_LINE)]
PlainName = Annotated[str, BeforeValidator(_plain_name), _string_schema("A plain name", _PLAIN_NAME.pattern)]
CountryCode = Annotated[
    str, BeforeValidator(_country), _string_schema("ISO 3166-1 alpha-2", enum=sorted(iso3166.COUNTRIES))
]
Audience = Annotated[
    str, BeforeValidator(_audience), _string_schema("`all` or a country", enum=["all", *sorted(iso3166.COUNTRIES)])
]
Domain = Annotated[str, BeforeValidator(_domain), _string_schema("A domain name in lower case")]
HttpsUrl = Annotated[str, BeforeValidator(_url), _string_schema("An https address", "https://.+")]
Email = Annotated[str, BeforeValidator(_email), _string_schema("An e-mail address in lower case", ".+@.+")]
PublicKey = Annotated[str, BeforeValidator(_public_key), _string_schema("An OpenSSH public key")]
Prefix4 = Annotated[ipaddress.IPv4Network, BeforeValidator(_prefix4), _string_schema("An IPv4 prefix")]
Prefix6 = Annotated[ipaddress.IPv6Network, BeforeValidator(_prefix6), _string_schema("An IPv6 prefix")]
Months = Annotated[int, BeforeValidator(_duration), _string_schema("Years (3y) or months (18m)", _DURATION.pattern)]
FlavorName = Annotated[str, BeforeValidator(_flavor), _string_schema("An SCS flavour name", _FLAVOR.pattern)]
Hours = Annotated[str, BeforeValidator(_hours), _string_schema("24x7, 8x5 or 08:00-18:00", _HOURS.pattern)]
SignatureLine = Annotated[
    str, BeforeValidator(_signature), _string_schema("An SSH signature on one line", _SIGNATURE.pattern)
]
Subject = Annotated[
    str, BeforeValidator(_subject), _string_schema("What a rule speaks of: tenant/tn/health", _SUBJECT.pattern)
]
Backend = Annotated[str, BeforeValidator(_backend), _string_schema("local, or a Pulumi backend's address")]
Count = Annotated[int, Field(ge=0, le=1_000_000)]

Item = TypeVar("Item")
Unique = Annotated[list[Item], AfterValidator(_unique)]
"""A list whose order means nothing and whose items differ."""
NonEmpty = Annotated[list[Item], Field(min_length=1), AfterValidator(_unique)]
"""The same, with at least one item."""
