"""axe-core finds nothing serious on any kind of page: in light, in dark, and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pagetypes import types
from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# What is drawn and hidden from readers of the screen, and what repeats itself a thousand times, only takes time.
THIN = """() => document.querySelectorAll(".katex-html, tr:nth-child(n+9), svg :is(path, use, defs)").forEach(each => each.remove())"""
SETTLED = """() => new Promise(done => {
    const look = () => document.querySelector("script[type=module]") && document.documentElement.dataset.ready !== "" ? setTimeout(look, 20) : done();
    requestAnimationFrame(() => requestAnimationFrame(look));    // the new size is known
})"""
RUN = """what => axe.run(document, {resultTypes: ["violations"], ...what}).then(found => found.violations
    .filter(rule => ["serious", "critical"].includes(rule.impact))
    .flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""
COLORS = ["color-contrast", "link-in-text-block"]
VARIANTS: dict[str, tuple[Any, int, dict[str, Any]]] = {
    "light": ("light", 1280, {}),
    "dark": ("dark", 1280, {"runOnly": {"type": "rule", "values": COLORS}}),  # the scheme changes colors alone,
    "phone": ("light", 360, {"rules": {rule: {"enabled": False} for rule in COLORS}}),  # and a narrow screen all else
}


def faults(page: Page, variant: str) -> list[str]:
    scheme, width, what = VARIANTS[variant]
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(SETTLED)
    return [f"{variant}: {fault}" for fault in page.evaluate(RUN, what)]


SOME = ("/", "/contents/", "/map/", "/glossary/", "/linear-networks/linear-regression-scratch/", "/api/dlkit/optim/")


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_kind_of_page_is_open_to_all(page: Page, site: Path, every: bool) -> None:
    found = {}
    for place in types(site) if every else SOME:
        page.goto(place)
        page.evaluate(THIN)
        page.add_script_tag(path=AXE)
        found[place] = [fault for variant in VARIANTS for fault in faults(page, variant)]
    assert len(found) >= len(SOME)
    assert {place: said for place, said in found.items() if said} == {}


@pytest.mark.parametrize(
    ("variant", "rule", "body"),
    [
        ("light", "image-alt", '<img src="x.png">'),
        ("dark", "color-contrast", "<p>faint</p><style>@media (prefers-color-scheme: dark) { p { background: #111; color: #333 } }</style>"),
        ("phone", "scrollable-region-focusable", f'<div style="overflow: auto; white-space: nowrap">{"wide " * 99}</div>'),
    ],
)
def test_it_would_be_found(page: Page, variant: str, rule: str, body: str) -> None:
    page.route("**/bad", lambda route: route.fulfill(content_type="text/html", body=f"<html lang=en><title>Bad</title><main><h1>Bad</h1>{body}"))
    page.route("**/x.png", lambda route: route.fulfill(content_type="image/png", body=b""))
    page.goto("/bad")
    page.add_script_tag(path=AXE)
    assert [fault.split(": ")[:2] for fault in faults(page, variant)] == [[variant, rule]]
