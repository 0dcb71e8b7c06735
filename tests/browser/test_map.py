"""The learning map: routes by keyboard, without scripts, on a phone, by their addresses."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect
from serving import Host


def test_a_route_is_chosen_by_keyboard(page: Page) -> None:
    page.goto("/map/")
    expect(page.locator("#lists > :visible")).to_have_count(1)
    page.locator("#choice-0").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#choice-1")).to_be_checked()
    expect(page.locator("#route-practitioner")).to_be_visible()
    expect(page.locator("#lists > :visible")).to_have_count(1)
    expect(page.locator(".map-drawing .line.r2")).to_have_css("opacity", "0")
    page.keyboard.press("Tab")  # no dot takes the focus: the list does
    for _ in range(3):
        if page.evaluate("document.activeElement.closest('#lists') !== null"):
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#route-practitioner') !== null")
    expect(page.locator(".map-drawing :focus")).to_have_count(0)


def test_what_is_focused_in_a_list_shows_itself_on_the_drawing(page: Page) -> None:
    page.goto("/map/#route-language-models")
    expect(page.locator("#choice-4")).to_be_checked()
    link = page.locator("#route-language-models li[data-section] > a").first
    slug = link.locator("..").get_attribute("data-section")
    link.focus()
    expect(page.locator(f".stop[data-section={slug}] .said")).to_have_css("visibility", "visible")


def test_a_section_has_its_place(page: Page) -> None:
    page.goto("/preliminaries/data-manipulation/")
    page.get_by_role("link", name="on the map").click()
    expect(page).to_have_url(f"{page.url.partition('/map/')[0]}/map/#data-manipulation")
    expect(page.locator(".stop[data-section=data-manipulation] .said")).to_have_css("visibility", "visible")
    assert page.evaluate("(() => { const y = document.getElementById('data-manipulation').getBoundingClientRect().y; return 0 < y && y < innerHeight })()")


def test_it_needs_no_script_and_fits_a_phone(browser: Browser, host: Host) -> None:
    context = browser.new_context(base_url=host.address, java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto("/map/")
    page.locator("label", has_text="Theorist").click()
    expect(page.locator("#route-theorist")).to_be_visible()
    expect(page.locator("#lists > :visible")).to_have_count(1)
    box = page.locator(".map-drawing").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    context.close()


def test_no_made_page_scrolls_sideways_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    for address in ("map", "glossary", "bibliography", "contents", "parts/foundations", "preliminaries", "diffusion"):
        page.goto(f"/{address}/")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
