"""Pages in a real Chromium, from `file://`: languages, widths, dark, print, without JavaScript, accessibility."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.chromium

Start = Callable[..., Visit]
KINDS = (
    "index.html",
    "services/index.html",
    "services/tn-health-records.html",
    "services/cd-telemedicine.html",
    "sectors/index.html",
    "sectors/health.html",
    "countries/index.html",
    "countries/tn.html",
    "providers/index.html",
    "providers/tn-centre-national-de-l-informatique.html",
    "data-centres/tn-tunis-1.html",
    "labels/index.html",
    "labels/tn-g-cloud.html",
    "compare.html?ids=tn-health-records&ids=eg-telemedicine",
    "interconnection.html",
    "data.html",
    "about.html",
)
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "preload": False,  # the style sheets are in the page; asking for them again is what the pages forbid
}


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]} ({len(each['nodes'])})" for each in found]


def overflow(page: Page) -> Any:
    """How far the page is wider than the window, and what sticks out most."""
    return page.evaluate(
        """() => {
            const extra = document.documentElement.scrollWidth - window.innerWidth;
            if (extra <= 0) return 0;
            const wide = [...document.querySelectorAll('body *')].filter((e) => {
                const box = e.getBoundingClientRect();
                return (box.right > window.innerWidth + 1 || box.left < -1) && !e.closest('.scroll');
            });
            return `${extra} ${wide.slice(-1).map((e) => e.outerHTML.slice(0, 150))}`;
        }"""
    )


@pytest.mark.parametrize("path", KINDS)
@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_a_page_fits_a_phone_and_has_no_accessibility_violation(
    visit: Start, site: Path, language: str, path: str
) -> None:
    page = visit(site, viewport=PHONE).open(f"{language}/{path}")
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.locator("h1")).to_have_count(1)
    assert overflow(page) == 0
    assert violations(page) == []


@pytest.mark.parametrize("path", [KINDS[0], KINDS[1], KINDS[2], KINDS[5], KINDS[7], KINDS[13]])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_a_desktop_and_has_no_accessibility_violation_light_or_dark(
    visit: Start, site: Path, scheme: str, path: str
) -> None:
    page = visit(site, viewport=DESKTOP, color_scheme=scheme).open(f"en/{path}")
    assert overflow(page) == 0
    assert violations(page) == []
    brightness = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]")
    assert (brightness > 200) == (scheme == "light")


@pytest.mark.parametrize("path", ["index.html", "id/services/tn-e-learning/index.html"])
def test_the_entrances_let_the_reader_choose_a_language(visit: Start, site: Path, path: str) -> None:
    page = visit(site, viewport=PHONE).open(path)
    assert violations(page) == []
    page.get_by_role("link", name="العربية").click()
    expect(page.locator("html")).to_have_attribute("lang", "ar")


def test_the_language_switch_stays_on_the_page(visit: Start, site: Path) -> None:
    page = visit(site).open("en/services/tn-e-learning.html")
    page.get_by_role("link", name="Français").click()
    expect(page.locator("h1")).to_have_text("Plateforme d’apprentissage en ligne")
    page.get_by_role("link", name="العربية").click()
    expect(page.locator("h1")).to_have_text("منصة التعلم الإلكتروني")


def test_the_first_tab_offers_to_skip_to_the_content(visit: Start, site: Path) -> None:
    page = visit(site).open("en/countries/tn.html")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_without_javascript_every_service_is_reached_and_nothing_pretends_to_work(
    visit: Start, site: Path, language: str
) -> None:
    page = visit(site, viewport=PHONE, java_script_enabled=False).open(f"{language}/services/index.html")
    expect(page.locator(".card")).to_have_count(24)
    expect(page.locator(".no-js").first).to_be_visible()
    for hidden in ("[data-filters]", "#sort", "[data-tray]"):
        expect(page.locator(hidden)).to_be_hidden()
    page.locator(".pager a").last.click()
    expect(page.locator(".card")).to_have_count(9)
    page.goto(f"{site.as_uri()}/{language}/compare.html")
    page.locator(".no-js a").nth(3).click()
    expect(page.locator("tbody tr")).to_have_count(10)


def test_a_verified_service_can_be_opened_and_a_declared_one_says_why_not(visit: Start, site: Path) -> None:
    visited = visit(site)
    page = visited.open("en/services/tn-e-learning.html")
    link = page.get_by_role("link", name="Open the service")
    expect(link).to_have_attribute("href", "https://e-learning.education.tn.ace.example/")
    expect(page.locator(".origin")).to_contain_text("SHA256:tn")
    page = visited.open("en/services/eg-e-learning.html")
    expect(page.locator(".note.warn")).to_contain_text("Declared, not verified")
    expect(page.get_by_role("link", name="Open the service")).to_have_count(0)


def test_a_printed_page_has_its_facts_and_no_menus(visit: Start, site: Path) -> None:
    visited = visit(site)
    visited.page.emulate_media(media="print")
    page = visited.open("en/services/tn-e-learning.html")
    expect(page.locator(".menu")).to_be_hidden()
    expect(page.locator(".trail")).to_be_hidden()
    expect(page.locator(".side")).to_be_visible()
    expect(page.locator(".asof")).to_contain_text("As of 25 November 2026")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_members_write_does_no_harm(
    visit: Start, hostile_site: Path, language: str, viewport: dict[str, int]
) -> None:
    visited = visit(hostile_site, viewport=viewport)
    for path in (
        "services/index.html",
        "services/tn-e-learning.html",
        "countries/tn.html",
        "providers/index.html",
        "compare.html?ids=tn-e-learning&ids=eg-e-learning",
    ):
        page = visited.open(f"{language}/{path}")
        assert page.evaluate("window.harmed") is None
        assert overflow(page) == 0
        assert page.evaluate("[...document.querySelectorAll('main a')].every((a) => !/^javascript:/i.test(a.href))")
    page = visited.open(f"{language}/services/tn-e-learning.html")
    box = page.locator("h1").bounding_box()
    assert box is not None
    assert box["height"] < 700
