"""Search, filters and comparison in a real Chromium, by keyboard alone, in each language and at both widths."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.chromium

Start = Callable[..., Visit]
WORDS = {
    # language: a word with another spelling than the text's, how many it finds, a country to choose, how many are left
    "en": ("TELEMEDICINE", 6, "Egypt", 1),
    "fr": ("telemedecine", 6, "Égypte", 1),
    "ar": ("الطب عن بعد", 6, "مصر", 1),
}


def tab_to(page: Page, selector: str, *, back: bool = False) -> None:
    """Press Tab until what is meant has the focus."""
    for _ in range(120):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def count_is(page: Page, number: int) -> None:
    expect(page.locator("[data-count]")).to_have_text(re.compile(rf"(^|\D){number}$"))
    expect(page.locator("[data-live] .card")).to_have_count(number)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", WORDS)
def test_search_and_filters_work_by_keyboard_alone(
    visit: Start, site: Path, language: str, viewport: dict[str, int]
) -> None:
    word, found, country, left = WORDS[language]
    page = visit(site, viewport=viewport).open(f"{language}/services/index.html")
    count_is(page, 33)
    tab_to(page, "#q")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    count_is(page, found)
    if viewport is PHONE:
        tab_to(page, "summary")
        page.keyboard.press("Enter")
    code = page.locator("label", has_text=country).locator("input[name=country]").get_attribute("value")
    tab_to(page, f"input[name=country][value={code}]")
    page.keyboard.press("Space")
    count_is(page, left)
    expect(page.locator("[data-chosen] button")).to_have_text(country)
    tab_to(page, "[data-chosen] button")
    page.keyboard.press("Enter")
    count_is(page, found)
    expect(page.locator("#q")).to_be_focused()


def test_filters_combine_and_their_numbers_follow(visit: Start, site: Path) -> None:
    page = visit(site).open("en/services/index.html")
    page.locator("input[name=status][value=verified]").check()
    count_is(page, 8)
    page.locator("input[name=sector][value=health]").check()
    count_is(page, 2)
    page.locator("input[name=sector][value=education]").check()
    count_is(page, 4)
    page.locator("input[name=residency][value=in_country_only]").check()
    expect(page.locator("[data-chosen] button")).to_have_count(4)
    tunisia = page.locator("label", has=page.locator("input[name=country][value=tn]")).locator(".n")
    expect(tunisia).to_have_text("1")


def test_every_facet_of_the_catalogue_is_there(visit: Start, site: Path) -> None:
    page = visit(site).open("en/services/index.html")
    expect(page.locator("legend")).to_have_text(
        [
            "Sector",
            "Country",
            "Data",
            "Where the data may live",
            "Label",
            "Label still valid for",
            "Kind of provider",
            "Availability",
            "Support in",
            "Status",
        ]
    )


def test_an_address_keeps_search_filters_and_order(visit: Start, site: Path) -> None:
    page = visit(site).open("en/services/index.html?q=health&country=tn&sort=title")
    count_is(page, 1)
    expect(page.locator("input[name=country][value=tn]")).to_be_checked()
    expect(page.locator("#sort")).to_have_value("title")


def test_nothing_found_says_what_to_do_and_starts_again(visit: Start, site: Path) -> None:
    page = visit(site).open("en/services/index.html")
    page.locator("#q").fill("zzzz")
    expect(page.locator("[data-live]")).to_contain_text("Nothing matches")
    tab_to(page, "[data-live] [data-clear]")
    page.keyboard.press("Enter")
    count_is(page, 33)
    expect(page.locator("#q")).to_be_focused()


@pytest.mark.parametrize("language", WORDS)
def test_the_home_pages_search_leads_to_the_results(visit: Start, site: Path, language: str) -> None:
    word, found, _, _ = WORDS[language]
    page = visit(site, viewport=PHONE).open(f"{language}/index.html")
    tab_to(page, "#q")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("services/index.html"))
    count_is(page, found)


def test_up_to_four_services_are_compared_by_keyboard_alone(visit: Start, site: Path) -> None:
    page = visit(site).open("en/services/index.html?q=crop")
    boxes = page.locator("[data-pick]")
    total = boxes.count()
    assert total >= 5
    for number in range(4):
        value = boxes.nth(number).get_attribute("value")
        tab_to(page, f"[data-pick][value={value}]")
        page.keyboard.press("Space")
    expect(page.locator("[data-tray-text]")).to_have_text("Chosen for comparison: 4 of 4")
    expect(boxes.nth(4)).to_be_disabled()
    tab_to(page, "[data-tray-link]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-table] thead th")).to_have_count(5)
    expect(page.locator("#add")).to_be_disabled()
    tab_to(page, "[data-table] thead button")
    page.keyboard.press("Enter")
    expect(page.locator("[data-table] thead th")).to_have_count(4)
    expect(page.locator("#add")).to_be_enabled()
    expect(page.locator("#add")).to_be_focused()


def test_a_comparison_of_nothing_says_so(visit: Start, site: Path) -> None:
    page = visit(site).open("en/compare.html")
    expect(page.locator("[data-table]")).to_contain_text("Nothing to compare yet")
    page.locator("#add").select_option("tn-e-learning")
    expect(page.locator("[data-table] tbody tr")).to_have_count(14)
