"""A reference shows where it leads, to the pointer and to the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from serving import Host

SECTION = "/preliminaries/automatic-differentiation/"
CARD = ".card.shown"
LONG = 2000  # milliseconds: more than a card takes to open or to close
expect.set_options(timeout=30_000)  # a busy machine takes its time


# What the card adds to the page's size, or moves its link by: asked at one moment, for a page grows while it is laid out.
ADDS = """card => {
    const link = document.querySelector("[aria-describedby=card]"), root = document.documentElement;
    const measure = () => [root.scrollWidth, root.scrollHeight, link.getBoundingClientRect().top, link.getBoundingClientRect().left];
    const with_ = measure();
    card.style.display = "none";
    const without = measure();
    card.style.display = "";
    return with_.map((value, at) => value - without[at]);
}"""


def link(page: Page, selector: str) -> Locator:
    """The first such link of the page, where it can be pointed at; the page's script has run."""
    with page.expect_response(re.compile("hover.js")) as script:
        page.goto(SECTION if not selector.startswith(".cost") else "/linear-networks/linear-regression-scratch/")
    page.evaluate("address => import(address).then(() => null)", script.value.url)
    found = page.locator(f"article {selector}").first
    found.scroll_into_view_if_needed()
    return found


@pytest.mark.parametrize(
    ("selector", "shows"),
    [
        ("a.cite", "Griewank"),
        ('a.ref[href*="#fig-"]', "Figure 2.5.1"),
        ('a.ref[href*="#eq-"]', "(2.5."),
        ('.highlight a.api[href$=".tensor"]', "functions.tensor"),
        ('.highlight a.api[href$="/"]', "The library of"),
        (".cost a.ref", "Automatic differentiation"),
    ],
)
def test_a_reference_shows_where_it_leads(page: Page, selector: str, shows: str) -> None:
    from_ = link(page, selector)
    from_.hover()
    card = page.locator(CARD)
    expect(card).to_contain_text(shows)
    assert card.locator("a, button, [tabindex], [id]:not(svg *)").count() == 0
    expect(from_).to_have_attribute("aria-describedby", "card")
    expect(card).to_have_attribute("role", "tooltip")
    assert card.evaluate(ADDS) == [0, 0, 0, 0]
    box = card.bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    page.mouse.move(0, 0)
    expect(card).to_have_count(0)
    assert from_.get_attribute("aria-describedby") is None


def test_a_figure_is_drawn_and_a_formula_is_typeset(page: Page) -> None:
    link(page, 'a.ref[href*="#fig-"]').hover()
    expect(page.locator(f"{CARD} figure :is(svg, img)").first).to_be_visible()
    page.mouse.move(0, 0)
    expect(page.locator(CARD)).to_have_count(0)
    equation = page.locator('article a.ref[href*="#eq-"]').first
    equation.hover()
    expect(page.locator(f"{CARD} .katex").first).to_be_visible()


def test_the_card_stays_while_the_pointer_is_in_it(page: Page) -> None:
    page.clock.install()
    link(page, "a.cite").hover()
    card = page.locator(CARD)
    expect(card).to_be_visible()
    card.hover()
    page.clock.fast_forward(LONG)
    expect(card).to_be_visible()
    page.mouse.move(0, 0)
    expect(card).to_have_count(0)


def test_the_keyboard_opens_it_and_escape_closes_it(page: Page) -> None:
    page.clock.install()
    from_ = link(page, "a.cite")
    from_.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")  # a focus that is seen
    expect(from_).to_be_focused()
    card = page.locator(CARD)
    expect(card).to_contain_text("Griewank")
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(from_).to_be_focused()
    page.clock.fast_forward(LONG)
    expect(card).to_have_count(0)  # it was sent away
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(card).to_contain_text("Griewank")


def test_escape_closes_what_the_pointer_opened(page: Page) -> None:
    link(page, "a.cite").hover()
    expect(page.locator(CARD)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(CARD)).to_have_count(0)


def test_the_title_of_a_link_does_not_show_twice(page: Page) -> None:
    from_ = link(page, "a.cite")
    from_.evaluate("link => link.title = 'Said in a box'")
    from_.hover()
    expect(page.locator(CARD)).to_be_visible()
    assert from_.get_attribute("title") is None
    page.mouse.move(0, 0)
    expect(from_).to_have_attribute("title", "Said in a box")


def test_a_section_is_shown_from_the_reference(page: Page) -> None:
    page.goto("/api/")
    page.locator("article td a", has_text=re.compile(r"\.functions$")).click()
    used = page.locator('article .api-where a.ref[href*="automatic"]').first
    used.hover()
    expect(page.locator(CARD)).to_contain_text("Automatic differentiation")
    expect(page.locator(f"{CARD} .highlight")).to_be_visible()  # the block that uses it


@pytest.fixture
def phone(browser: Browser, host: Host) -> Iterator[Page]:
    context = browser.new_context(base_url=host.address, viewport={"width": 360, "height": 640}, has_touch=True)
    yield context.new_page()
    context.close()


def test_a_finger_follows_the_link(phone: Page) -> None:
    phone.clock.install()
    from_ = link(phone, 'a.ref[href*="#fig-"]')
    from_.tap()
    phone.wait_for_url("**/#fig-*")
    phone.clock.fast_forward(LONG)
    assert phone.locator(".card").count() == 0


def test_on_a_narrow_page_the_card_does_not_stand_over_the_edge(phone: Page) -> None:
    for selector in ("a.cite", 'a.ref[href*="#fig-"]', '.highlight a.api[href$=".tensor"]'):
        from_ = link(phone, selector)
        from_.hover()
        box = phone.locator(CARD).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_from_a_folder_on_disk_there_is_no_card_and_no_complaint(browser: Browser, site: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "fetch" in message.text.lower() else None)
    page.clock.install()
    page.goto(f"{site.as_uri()}{SECTION}index.html")
    page.locator(".highlight a.api").first.hover()
    page.clock.fast_forward(LONG)
    assert page.locator(".card").count() == 0
    context.close()
    assert not complaints
