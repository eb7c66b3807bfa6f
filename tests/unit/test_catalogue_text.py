"""Other people's text: what is kept, what is dropped, what may be linked to."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ace.catalogue.text import MAX_TEXT, clean, clip, safe_link, safe_mailbox, slug_of


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("E-learning", "E-learning"),
        ("منصة التعلم", "منصة التعلم"),
        ("Éducation n° 5", "Éducation n° 5"),
        ("pay\u202eexe.fdp\u202c now", "payexe.fdp now"),
        ("\u2066a\u2069\u2067b", "ab"),
        ("line one\nline two\x00\x1b[31m", "line one line two [31m"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🌾 farmer 🌾", "👩\u200d🌾 farmer 🌾"),
        ("a" + "\u0301" * 50, "á" + "\u0301" * 3),
        ("  many   blanks ", "many blanks"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_what_is_kept_of_a_text(text: str, kept: str) -> None:
    assert clean(text) == kept


def test_a_text_of_ten_thousand_characters_is_cut_at_a_word() -> None:
    text = clean("hospital records " * 600)
    assert len(text) <= MAX_TEXT
    assert text.endswith(" …") is False and text.endswith("…")


@given(st.text(max_size=900))
def test_cleaning_is_bounded_and_idempotent_and_leaves_nothing_hidden(text: str) -> None:
    once = clean(text)
    assert len(once) <= MAX_TEXT
    assert clean(once) == once
    assert not any(character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\n\x00" for character in once)
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in once)


@given(st.text(max_size=200), st.integers(2, 50))
def test_a_clipped_text_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(clip(text, limit)) <= max(limit, 0) or len(text) <= limit


@pytest.mark.parametrize("url", ["https://a.example/", "https://a.b.example:8443/x?y=1#z"])
def test_plain_https_addresses_may_be_linked_to(url: str) -> None:
    assert safe_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "http://a.example/",
        "//a.example/",
        "https://user:pass@a.example/",
        'https://a.example/"onmouseover=x',
        "https://a.example/ x",
        "https://a.example:99999/",
        "https://localhost/",
        "https://[::1]/",
        "https://a.example/" + "x" * 500,
        "https://ex\u202eample.example/",
    ],
)
def test_no_other_address_is_linked_to(url: str | None) -> None:
    assert safe_link(url) is None


def test_only_plain_mailboxes_are_linked_to() -> None:
    assert safe_mailbox("noc@cni.tn.example") == "noc@cni.tn.example"
    for address in ("a@b", 'x"@a.example', "a@a.example?bcc=b@c.example", "a@a.example\nb"):
        assert safe_mailbox(address) is None


def test_a_slug_is_made_of_letters_digits_and_inner_hyphens() -> None:
    assert slug_of("Agence pour le développement du numérique") == "agence-pour-le-developpement-du-numerique"
    assert slug_of("Centre national de l'informatique") == "centre-national-de-l-informatique"
    assert slug_of("المركز") == ""
