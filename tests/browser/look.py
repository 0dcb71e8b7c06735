"""Pictures of every kind of page, for whoever changes the look.

    python tests/browser/look.py FOLDER [PLACE ...]      of the site in site/; a place is an address, /contents/

Each in light, in dark, on a phone and on paper.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from pagetypes import types
from playwright.sync_api import sync_playwright
from serving import Host
from visiting import REST

SITE = Path(__file__).resolve().parents[2] / "site"
VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "light": ({"width": 1280, "height": 900}, {"color_scheme": "light"}),
    "dark": ({"width": 1280, "height": 900}, {"color_scheme": "dark"}),
    "phone": ({"width": 360, "height": 740}, {"color_scheme": "light"}),
    "paper": ({"width": 794, "height": 1123}, {"media": "print"}),
}


def main(folder: Path, places: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with Host(SITE) as host, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"])
        page = browser.new_page(base_url=host.address)
        for place in places or types(SITE):
            page.goto(place)
            for variant, (size, media) in VARIANTS.items():
                page.set_viewport_size(size)
                page.emulate_media(media="screen")
                page.emulate_media(**media)
                page.evaluate(REST)
                file = folder / f"{place.strip('/').replace('/', '-') or 'home'}.{variant}.png"
                # Chromium draws no picture taller than this.
                tall = min(page.evaluate("document.documentElement.scrollHeight"), 16_000)
                page.screenshot(path=file, full_page=True, clip={"x": 0, "y": 0, "width": size["width"], "height": tall})
                print(file)


if __name__ == "__main__":
    if not sys.argv[1:]:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
