"""A built catalogue, and Debian's Chromium to look at it; without Chromium these tests are skipped (tests/needs.py)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from ace.catalogue.build import write

from ..unit.catalogue_facts import a_site, with_texts

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}

HOSTILE = (
    '"><script>window.harmed=1</script><img src=x onerror="window.harmed=2"> \u202egnp.exe\u202c '
    "Z" + "\u0300\u0301\u0302" * 30 + " 👩🏾\u200d🌾 " + "w" * 300 + " javascript:window.harmed=3 " + "word " * 2000
)


def chromium() -> str | None:
    """Where Chromium is."""
    return os.environ.get("ACE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped ten countries, two of them verified."""
    out = tmp_path_factory.mktemp("catalogue") / "site"
    write(a_site(verified=("TN", "KE")), out)
    return out


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two countries write what they should not."""
    out = tmp_path_factory.mktemp("hostile") / "site"
    write(a_site(with_texts(HOSTILE), verified=("TN",)), out)
    return out


class Visit:
    """Opens pages from a folder; anything that goes wrong in them, or leaves the folder, is a failure."""

    def __init__(self, browser: Browser, folder: Path, **context: object) -> None:
        self.folder = folder
        self.context = browser.new_context(**context)  # type: ignore[arg-type]
        self.context.set_default_timeout(60_000)
        self.complaints: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.context.route("**/*", self._allow)

    def open(self, path: str) -> Page:
        """A page of the site, from `file://`."""
        self.page.goto(f"{self.folder.as_uri()}/{path}")
        return self.page

    def close(self) -> None:
        """End it; fails with what the pages complained of."""
        self.context.close()
        assert self.complaints == []

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def _allow(self, route: Route) -> None:
        if route.request.url.startswith(self.folder.as_uri()):
            route.continue_()
        else:
            self.complaints.append(f"asks for {route.request.url}")
            route.abort()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """`visit(site, viewport=PHONE, color_scheme="dark", java_script_enabled=False)`."""
    visits: list[Visit] = []

    def start(folder: Path, **context: object) -> Visit:
        visits.append(Visit(browser, folder, **({"viewport": DESKTOP} | context)))
        return visits[-1]

    yield start
    for each in visits:
        each.close()
