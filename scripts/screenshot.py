"""Photograph the catalogue of the shipped spec with Debian's Chromium: a desktop in English beside a phone in Arabic."""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from ace.catalogue.build import build, write
from ace.catalogue.facts import Facts
from ace.catalogue.records import catalogue
from ace.spec import load

ROOT = Path(__file__).resolve().parents[1]
AS_OF = date(2026, 11, 25)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FRAME = """<!doctype html><style>
body {{ margin: 0; width: 1360px; height: 760px; background: #e7dfcd; position: relative; overflow: hidden }}
img {{ position: absolute; border-radius: 14px; box-shadow: 0 12px 40px rgb(40 30 10 / 30%) }}
.desktop {{ left: 32px; top: 32px; width: 1060px }}
.phone {{ right: 36px; top: 96px; width: 300px }}
</style><img class="desktop" src="{desktop}"><img class="phone" src="{phone}">"""


def main(target: Path) -> int:
    """Write the picture; says how large it is."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        print("screenshot: Chromium is missing; as root: scripts/setup --browser", file=sys.stderr)
        return 1
    spec = load(ROOT / "ecosystem")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(folder) / "site"
        write(build(catalogue(Facts(spec, AS_OF)), spec, ROOT / "templates" / "catalogue"), site)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        _shoot(browser, site / "en/index.html", Path(folder) / "desktop.png", 1280, 880)
        _shoot(browser, site / "ar/services/tn-health-records.html", Path(folder) / "phone.png", 390, 844)
        frame = Path(folder) / "frame.html"
        frame.write_text(FRAME.format(desktop="desktop.png", phone="phone.png"), encoding="utf-8")
        _shoot(browser, frame, target, 1360, 760, scale=1)
        browser.close()
    print(f"{target}: {target.stat().st_size // 1000} kB")
    return 0


def _shoot(browser: Browser, page: Path, target: Path, width: int, height: int, scale: float = 1.5) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale)
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.screenshot(path=str(target))
    context.close()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
