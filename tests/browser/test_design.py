"""The frame and the look, as a reader meets them: colors, phones, keyboard, paper, no scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from serving import Host

from hooks import notes

SECTION = "/linear-networks/linear-regression-scratch/"
DARK, LIGHT = "rgb(22, 23, 26)", "rgb(255, 254, 251)"
GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture
def unscripted(browser: Browser, host: Host) -> Iterator[Page]:
    context = browser.new_context(base_url=host.address, java_script_enabled=False, color_scheme="dark", viewport={"width": 360, "height": 700})
    yield context.new_page()
    context.close()


def ground(page: Page, color: str) -> None:
    expect(page.locator("body")).to_have_css("background-color", color)


def test_colors_follow_the_system_until_chosen_and_the_choice_is_kept(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/how-to-read/")
    ground(page, DARK)
    page.emulate_media(color_scheme="light")
    ground(page, LIGHT)
    switch = page.get_by_role("button", name="Dark colors")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    ground(page, DARK)
    expect(switch).to_have_attribute("aria-pressed", "true")
    page.add_init_script("addEventListener('DOMContentLoaded', () => { window.first = getComputedStyle(document.body).backgroundColor })")
    page.goto("/contents/")
    assert page.evaluate("first") == DARK, "chosen before anything was drawn"
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate", "what draws by script can ask"
    page.get_by_role("button", name="Dark colors").click()  # as the system has it: followed again
    page.emulate_media(color_scheme="dark")
    ground(page, DARK)


def test_without_scripts_the_page_is_whole(unscripted: Page) -> None:
    unscripted.goto(SECTION)
    expect(unscripted.locator("body")).to_have_css("background-color", DARK)
    expect(unscripted.locator("h1")).to_be_visible()
    expect(unscripted.get_by_role("button", name="Dark colors")).to_be_hidden()
    menu = unscripted.locator("#menu")
    expect(menu).to_be_hidden()
    unscripted.get_by_role("button", name="Table of contents").click()
    expect(menu).to_be_visible()
    expect(menu.locator("[aria-current=page]")).to_be_visible()


def test_the_contents_open_and_close_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(SECTION)
    button, menu = page.get_by_role("button", name="Table of contents"), page.locator("#menu")
    button.click()
    expect(menu.locator("[aria-current=page]")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    menu.locator(".headings a").nth(2).click()
    expect(menu).to_be_hidden()
    assert "#" in page.url


def test_the_keyboard_begins_with_a_way_to_the_text_and_sees_where_it_is(page: Page) -> None:
    page.goto(SECTION)
    for stop in range(20):
        page.keyboard.press("Tab")
        ring = page.evaluate("(s => [s.outlineStyle, parseFloat(s.outlineWidth)])(getComputedStyle(document.activeElement))")
        assert ring[0] == "solid", page.evaluate("document.activeElement.outerHTML")
        assert ring[1] >= 2
        if stop == 0:
            expect(page.locator(".skip")).to_be_focused()
            expect(page.locator(".skip")).to_be_in_viewport()
    page.locator(".skip").press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_what_scrolls_is_reached_by_keyboard(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(SECTION)
    expect(page.locator("html")).to_have_attribute("data-ready", "", timeout=30_000)
    assert page.evaluate("""[...document.querySelectorAll("pre > code")].filter(code =>
        (code.scrollWidth > code.clientWidth + 1) !== (code.tabIndex === 0)).length""") == 0
    assert page.evaluate("""[...document.querySelectorAll("pre > code")].some(code => code.tabIndex === 0)""")


def test_paper_is_white_and_has_the_text_alone(page: Page) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(SECTION)
    ground(page, "rgb(255, 255, 255)")
    for chrome in (".md-header", ".md-nav", ".skip", ".turn", ".headerlink"):
        expect(page.locator(chrome).first).to_be_hidden()
    assert page.evaluate("""[...document.querySelectorAll("article details:not(.checked)")].every(folded => folded.lastElementChild.checkVisibility({contentVisibilityAuto: true}))""")
    assert page.evaluate("""[...document.querySelectorAll("pre > code")].every(code => code.scrollWidth <= code.clientWidth + 1)"""), "no code is cut"


def test_one_sheet_of_style_and_the_faces_at_once(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(SECTION, wait_until="networkidle")
    assert sum(url.partition("?")[0].endswith(".css") for url in asked) == 1
    assert not any("bundle" in url for url in asked), "the theme's script"
    faces = [url for url in asked if "400-normal.woff2" in url and "serif" in url]
    assert len(faces) == 1, "preloaded and used: one request"


def test_faces_come_without_a_jerk(page: Page) -> None:
    page.add_init_script("""window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) shift += entry.value })
        .observe({ type: "layout-shift", buffered: true })""")
    held: list[Route] | None = []
    page.route("**/*.woff2", lambda route: route.continue_() if held is None else held.append(route))  # the page is drawn in other faces first
    page.goto(SECTION, wait_until="domcontentloaded")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    waiting, held = held, None
    for route in waiting:
        route.continue_()
    page.evaluate("document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))")
    assert page.evaluate("document.fonts.check('20px Book')")
    assert page.evaluate("shift") < 0.01


def test_the_first_page_shows_what_a_section_recorded(page: Page) -> None:
    page.goto("/")
    code = ".highlight code", ".output"
    shown = [page.locator(f".excerpt .block {part}").all_inner_texts() for part in code]
    source = page.locator(".from a").get_attribute("href")
    assert source is not None
    expect(page.locator(".excerpt svg[role=img]")).to_be_visible()
    page.goto(f"/{source}")
    assert [page.locator(f"#{source.rpartition('#')[2]} {part}").all_inner_texts() for part in code] == shown
    assert all(shown)


NOTES = notes.anchored(
    '<p>One<sup><a class="footnote-ref" href="#fn:a">1</a></sup> and two<sup><a class="footnote-ref" href="#fn:b">2</a></sup>.</p>'
    f'<div class="footnote"><hr><ol><li id="fn:a"><p>{"The first is long. " * 12}</p></li><li id="fn:b"><p>The second is short.</p></li></ol></div>'
)


def test_notes_stand_in_the_margin_where_there_is_one(page: Page) -> None:
    page.goto("/how-to-read/")
    page.locator("article h1").evaluate("(heading, html) => heading.insertAdjacentHTML('afterend', html)", NOTES)
    boxes = "[...document.querySelectorAll('article > p, .footnote li')].slice(0, 1).concat([...document.querySelectorAll('.footnote li')]).map(e => e.getBoundingClientRect().toJSON())"
    text, first, second = page.evaluate(boxes)
    assert first["left"] > text["right"]
    assert abs(first["top"] - text["top"]) < 20, "beside its number"
    assert second["top"] >= first["bottom"], "no two notes lie on each other"
    assert second["right"] <= 1280
    page.set_viewport_size({"width": 900, "height": 700})
    text, first, second = page.evaluate(boxes)
    assert first["top"] > text["bottom"]
    assert first["left"] < text["right"]


@pytest.mark.parametrize("place", ["#fig-swing", "#exercises"])
def test_a_link_into_a_page_lands_where_it_should(page: Page, place: str) -> None:
    """Though what lies above was not laid out yet."""
    page.goto(SECTION + place)
    page.wait_for_function("place => Math.abs(document.querySelector(place).getBoundingClientRect().top - 60) < 3", arg=place)
