"""The built site: whole, linked, bounded, deterministic, and unharmed by what members write."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pytest

from ace.catalogue.build import Built, write
from ace.catalogue.check import MAX_PAGE, check
from ace.errors import Severity, UserError

from .catalogue_facts import TEMPLATES, a_site, of_countries, with_texts

HOSTILE: Mapping[str, str] = {
    "markup": '"><script>alert(1)</script><img src=x onerror=alert(2)> {{ catalogue }} {% raw %} %(name)s %s %'
    " </script><!-- ]]> --> <![CDATA[ &amp; \\u003c \u2028",
    "reordering": "safe\u202egnp.exe\u202c \u2066x\u2069 👩🏾\u200d🌾 🇹🇳 ❤️ Z"
    + "\u0300\u0301\u0302\u0303\u0304" * 40
    + "algo",
    "endless": "word " * 2000,
    "unbroken": "x" * 10_000,
}


@lru_cache
def built() -> Built:
    return a_site(verified=("TN", "KE"))


def test_every_link_leads_somewhere_and_every_page_is_well_formed() -> None:
    errors = [finding for finding in check(built()) if finding.severity is Severity.ERROR]
    assert errors == []


def test_every_page_is_there_in_every_language() -> None:
    paths = {path for path in built().files if path.endswith(".html")}
    own = {path.partition("/")[2] for path in paths if path.startswith("en/")}
    for language in ("fr", "ar"):
        assert {path.partition("/")[2] for path in paths if path.startswith(f"{language}/")} == own
    assert "services/tn-e-learning.html" in own


def test_two_builds_are_the_same_to_the_byte(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(a_site(verified=("TN",)), tmp_path / name)
    first, second = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("a", "b")
    )
    assert first == second
    assert len(first) > 300


def test_no_page_of_54_countries_is_larger_than_100_kilobytes() -> None:
    files = a_site(of_countries(54)).files
    sizes = {path: len(text.encode()) for path, text in files.items() if path.endswith(".html")}
    assert max(sizes.values()) <= MAX_PAGE
    assert sum(path.startswith("en/services/") for path in sizes) > 150


def test_arabic_runs_from_right_to_left() -> None:
    page = built().files["ar/services/tn-e-learning.html"]
    assert '<html lang="ar" dir="rtl">' in page
    assert "منصة التعلم الإلكتروني" in page
    assert "25 نوفمبر 2026" in page


def test_a_text_that_is_not_translated_shows_in_english_and_says_so() -> None:
    from dataclasses import replace

    from ace.spec.region import LocalizedText

    from .catalogue_facts import shipped, with_member

    tunisia = shipped().member("TN")
    services = tuple(replace(each, title=LocalizedText("Only English")) for each in tunisia.services)
    page = a_site(with_member(shipped(), "TN", services=services)).files["ar/countries/tn.html"]
    assert '<bdi class="foreign" lang="en" dir="ltr">Only English</bdi>' in page


@lru_cache
def built_of(text: str) -> Built:
    return a_site(with_texts(text), verified=("TN", "EG"))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_members_write_does_no_harm(text: str) -> None:
    made = built_of(text)
    assert [finding for finding in check(made) if finding.severity is Severity.ERROR] == []
    for path, content in made.files.items():
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", content), path
        if path.endswith(".html"):
            assert re.findall(r"<script[^>]*>", content) == re.findall(
                r'<script(?: src="[^"]*" defer| type="application/ld\+json")>', content
            ), path
            assert len(re.findall("<img", content)) == ("assets/map." in content)
            assert "<!--" not in content


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_members_write_does_not_end_the_scripts_that_carry_it(text: str) -> None:
    made = built_of(text)
    data = made.files["assets/data.en.js"]
    assert "</script" not in data and "\u2028" not in data
    json.loads(data.removeprefix("window.ACE=").rstrip().removesuffix(";"))
    page = made.files["en/services/tn-e-learning.html"]
    (embedded,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(embedded)["@type"] == "GovernmentService"


def test_a_service_called_index_does_not_hide_the_list_of_services() -> None:
    from dataclasses import replace

    from .catalogue_facts import shipped, with_member

    tunisia = shipped().member("TN")
    services = (replace(tunisia.services[0], id="index"), *tunisia.services[1:])
    files = a_site(with_member(shipped(), "TN", services=services)).files
    assert "data-finder" in files["en/services/index.html"]
    assert "data-finder" not in files["en/services/index-.html"]


def test_a_folder_that_is_no_catalogue_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError) as raised:
        write(built(), tmp_path)
    assert raised.value.code == "not-a-catalogue"
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_new_build_takes_the_place_of_the_old_one_whole(tmp_path: Path) -> None:
    out = tmp_path / "site"
    write(built(), out)
    (out / "en" / "left-over.html").write_text("old")
    write(built(), out)
    assert not (out / "en" / "left-over.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_empty_ecosystem_still_has_pages_that_say_so() -> None:
    from dataclasses import replace

    from .catalogue_facts import shipped

    spec = replace(shipped(), members=(), region=replace(shipped().region, hubs=()))
    made = a_site(spec)
    assert [finding for finding in check(made) if finding.severity is Severity.ERROR] == []
    assert "No country is listed yet" in made.files["en/index.html"]


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_message_is_translated_and_no_translation_is_left_over(language: str) -> None:
    from ace.catalogue.site.language import read
    from scripts.messages import used

    messages = [message for _, message in used()]
    single = {message for message in messages if isinstance(message, str)}
    plural = {message[0] for message in messages if not isinstance(message, str)}
    known = read(TEMPLATES / "locale" / f"{language}.po", language)
    assert (single - set(known.single), set(known.single) - single) == (set(), set())
    assert (plural - set(known.plural), set(known.plural) - plural) == (set(), set())


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_translations_keep_the_placeholders_of_their_messages(language: str) -> None:
    from ace.catalogue.site.language import read

    known = read(TEMPLATES / "locale" / f"{language}.po", language)
    for message, translation in known.single.items():
        assert sorted(re.findall(r"%\(\w+\)s", message)) == sorted(re.findall(r"%\(\w+\)s", translation)), message
        translation % dict.fromkeys(re.findall(r"%\((\w+)\)s", message), "")


def test_the_shipped_site_has_no_untranslated_message() -> None:
    assert built().untranslated == {}


def test_a_message_without_translation_is_reported_and_shows_in_english(tmp_path: Path) -> None:
    import shutil

    from ace.catalogue.build import build

    from .catalogue_facts import a_catalogue, shipped

    templates = Path(shutil.copytree(TEMPLATES, tmp_path / "catalogue"))
    path = templates / "locale" / "ar.po"
    path.write_text(path.read_text(encoding="utf-8").replace('msgstr "افتح الخدمة"', 'msgstr ""'), encoding="utf-8")
    made = build(a_catalogue(verified=("TN",)), shipped(), templates)
    assert made.untranslated == {"ar": ("Open the service",)}
    page = made.files["ar/services/tn-e-learning.html"]
    assert '<span class="foreign" lang="en" dir="ltr">Open the service</span>' in page
    warnings = [finding for finding in check(made) if finding.rule == "translation"]
    assert [(finding.file, finding.severity) for finding in warnings] == [("ar.po", Severity.WARNING)]
