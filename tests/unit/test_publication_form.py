"""One publication has one form; the parser takes nothing else and says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from ace.publication.canonical import MAX_BYTES, MalformedError, encode, parse, schemas
from ace.publication.values import Reason
from ace.signatures.canonical import canonical
from tests.unit.publications import a_hub_publication, a_publication, shipped


@pytest.mark.parametrize("country", [member.stack for member in shipped().members])
def test_a_publication_comes_back_as_it_was(country: str) -> None:
    assert parse(encode(a_publication(country))) == a_publication(country)
    assert parse(encode(a_publication(country, keys=False))) == a_publication(country, keys=False)


def test_a_hubs_publication_comes_back_as_it_was() -> None:
    assert parse(encode(a_hub_publication("cairo"))) == a_hub_publication("cairo")


def test_the_form_is_sorted_compact_and_without_escapes() -> None:
    raw = encode(a_publication("tn"))
    assert raw == json.dumps(json.loads(raw), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    assert "Loi organique n° 2004-63".encode() in raw


@pytest.mark.parametrize(("kind", "make"), [("publication", a_publication), ("hub-publication", a_hub_publication)])
def test_the_published_schema_takes_what_is_written_and_nothing_more(kind: str, make: Callable[[], Any]) -> None:
    validator = jsonschema.Draft202012Validator(schemas()[kind])
    plain = json.loads(encode(make()))
    validator.validate(plain)
    assert not validator.is_valid(plain | {"password": "x"})
    assert not validator.is_valid({key: value for key, value in plain.items() if key != "schema"})


def test_what_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(MalformedError, match=r"data_centres\[0\]"):
        encode(replace(a_publication(), data_centres=(replace(a_publication().data_centres[0], city="Tu\nnis"),)))


def _edited(**fields: Any) -> bytes:
    return canonical(json.loads(encode(a_publication())) | fields)


CASES: dict[str, tuple[bytes, Reason, str]] = {
    "no UTF-8": (b"\xff\xfe{}", Reason.NOT_JSON, "byte 1 is no UTF-8"),
    "no JSON": (b"{", Reason.NOT_JSON, "it is no JSON"),
    "nothing": (b"", Reason.NOT_JSON, "it is no JSON"),
    "a list": (b"[]", Reason.MALFORMED, "it is no JSON object"),
    "too large": (b" " * (MAX_BYTES + 1), Reason.TOO_LARGE, "larger than 1024 KiB"),
    "too deep": (b"[" * 100_000, Reason.NOT_JSON, "deeper than 16 levels"),
    "a key twice": (b'{"a":1,"a":2}', Reason.NOT_JSON, "a key is given twice"),
    "a fraction": (b'{"a":1.5}', Reason.NOT_JSON, "not whole"),
    "infinity": (b'{"a":Infinity}', Reason.NOT_JSON, "not whole"),
    "a long number": (b'{"a":' + b"9" * 5000 + b"}", Reason.NOT_JSON, "it is no JSON"),
    "another schema": (_edited(schema="ace/publication/v2"), Reason.UNKNOWN_SCHEMA, "schema 'ace/publication/v2'"),
    "a schema that is a list": (_edited(schema=["a"]), Reason.UNKNOWN_SCHEMA, "schema none"),
    "blanks": (encode(a_publication()) + b"\n", Reason.NOT_CANONICAL, "canonical form"),
    "an unknown field": (_edited(password="x"), Reason.MALFORMED, "password: a publication has no such field"),
    "a missing field": (canonical({"schema": "ace/publication/v1"}), Reason.MALFORMED, "country: is missing"),
    "another long way to write a prefix": (_edited(ipv6="fd92:3091:a788:0::/48"), Reason.NOT_CANONICAL, "shortest"),
    "a number as text": (_edited(ipv4=5), Reason.MALFORMED, "ipv4: expected an IPv4 prefix, not 5"),
    "upper case": (_edited(country="TN"), Reason.MALFORMED, "country: 'TN' is no country code"),
    "no moment": (_edited(issued="2026-02-30T00:00:00Z"), Reason.MALFORMED, "issued: '2026-02-30T00:00:00Z'"),
    "a moment elsewhere": (_edited(issued="2026-02-03T00:00:00+01:00"), Reason.MALFORMED, "is no moment such as"),
    "a control character": (_edited(country="t\x07n"), Reason.UNCLEAN_TEXT, "country: U\\+0007"),
    "a bidirectional override": (_edited(country="t\u202en"), Reason.UNCLEAN_TEXT, "right-to-left override"),
    "a lone surrogate": (
        _edited(country="XX").replace(b'"XX"', b'"\\ud800"'),
        Reason.UNCLEAN_TEXT,
        "country: U\\+D800",
    ),
    "a second line": (_edited(country="t\nn"), Reason.UNCLEAN_TEXT, "must be one line"),
    "a long text": (_edited(country="n" * 10_000), Reason.UNCLEAN_TEXT, "10000 characters"),
    "a hostile key": (_edited(**{"a\u202e": 1}), Reason.UNCLEAN_TEXT, "right-to-left override"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_publication_is_refused_with_its_own_reason(case: str) -> None:
    raw, reason, message = CASES[case]
    with pytest.raises(MalformedError, match=message) as refused:
        parse(raw)
    assert refused.value.reason is reason
