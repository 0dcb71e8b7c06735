"""A page can be read without scripts, and without motion where a reader wants none."""

from __future__ import annotations

from pathlib import Path

from pagetypes import types
from playwright.sync_api import Browser, Page
from serving import Host

# Elements with a box of their own that nothing hides; a folded solution is not asked, nor a list that a reader chooses.
SHOWN = """() => {
  const gone = selector => [...document.querySelectorAll(selector)].filter(each => !each.closest("details, .fold, #lists")).filter(each => {
    const { width, height } = each.getBoundingClientRect();
    return width < 1 || height < 1 || !each.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }).map(each => each.outerHTML.slice(0, 90));
  return {
    title: document.title, heading: document.querySelector("h1")?.textContent.trim() ?? "", words: document.body.innerText.split(/\\s+/).length,
    gone: ["h1", "main p:not(:empty)", ".katex-html", ".figure :is(svg, img)", ".block pre", "main table"].flatMap(gone),
    empty: [...document.images].filter(image => image.complete && !image.naturalWidth).map(image => image.outerHTML.slice(0, 90)),
  };
}"""
MOVING = """() => {
  const long = list => Math.max(0, ...list.split(",").map(one => parseFloat(one) * (one.trim().endsWith("ms") ? 1 : 1000)));
  const found = new Set(document.getAnimations().map(one => `animation of ${one.effect?.target?.outerHTML.slice(0, 60)}`));
  for (const each of document.querySelectorAll("*")) {
    if (each.closest(".katex, svg, pre")) continue;
    for (const part of [null, "::before", "::after"]) {
      const style = getComputedStyle(each, part), name = `${each.tagName}.${each.className}${part ?? ""}`;
      if (long(style.transitionDuration) > 10) found.add(`transition of ${name}`);
      if (style.animationName !== "none" && long(style.animationDuration) > 10) found.add(`animation of ${name}`);
      if (style.scrollBehavior === "smooth") found.add(`smooth scrolling of ${name}`);
    }
  }
  return [...found];
}"""


def test_a_page_can_be_read_without_scripts(browser: Browser, host: Host, site: Path) -> None:
    context = browser.new_context(base_url=host.address, java_script_enabled=False)
    page = context.new_page()
    faults, most = {}, 0
    for place in types(site):
        page.goto(place)
        seen = page.evaluate(SHOWN)
        assert seen["title"], place
        assert seen["heading"], place
        most = max(most, seen["words"])
        if seen["gone"] or seen["empty"]:
            faults[place] = seen["gone"] + seen["empty"]
    context.close()
    assert faults == {}
    assert most > 1500  # the text is there


def test_nothing_moves_for_those_who_want_no_motion(page: Page, site: Path) -> None:
    page.emulate_media(reduced_motion="reduce")
    moving = {}
    for place in types(site):
        page.goto(place)
        moving[place] = page.evaluate(MOVING)
    assert {place: found for place, found in moving.items() if found} == {}


def test_motion_would_be_found(page: Page) -> None:
    style = "<style>@keyframes go { to { left: 9px } } p { animation: go 1s infinite } b { transition: color 200ms, left 2ms } html { scroll-behavior: smooth }</style>"
    page.route("**/bad", lambda route: route.fulfill(content_type="text/html", body=f"{style}<p>moves</p><b>fades</b>"))
    page.goto("/bad")
    assert {found.split(" of ")[0] for found in page.evaluate(MOVING)} == {"animation", "transition", "smooth scrolling"}
