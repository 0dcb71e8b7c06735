"""Charts that move under the reader's hands, and figures that open large: on the one section that has charts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect
from serving import Host

SECTION = "/multilayer-perceptrons/universality/"
OTHER = "/preliminaries/data-manipulation/"
FALLS = re.compile(r"worst error \d+ cm")


def awake(page: Page, figure: str = "#fig-neuron") -> Locator:
    page.goto(SECTION)
    chart = page.locator(f"{figure} .live")
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-state", "alive", timeout=30_000)  # on a busy machine Vega takes its time
    return chart


def shown(chart: Locator) -> str:
    return chart.locator(".now .mark-text.role-mark text").text_content() or ""


def test_a_slider_moved_by_keyboard_changes_the_picture_and_the_error(page: Page) -> None:
    chart = awake(page)
    line = chart.locator(".now .mark-line path").nth(1)
    before, error = line.get_attribute("d"), shown(chart)
    assert FALLS.fullmatch(error)
    slider = chart.get_by_role("slider", name="weight w")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(line).not_to_have_attribute("d", before or "")
    assert shown(chart) != error
    assert slider.input_value() == "0.55"
    expect(slider.locator("xpath=../span[@class='value']")).to_have_text("0.55")
    page.keyboard.press("Home")
    expect(slider.locator("xpath=../span[@class='value']")).to_have_text("−1.00")
    expect(chart.get_by_role("status")).to_have_text(shown(chart))  # said, when the hand rests
    outline = slider.evaluate("slider => getComputedStyle(slider).outlineStyle")
    assert outline == "solid"


def test_the_picture_is_what_the_numbers_say(page: Page) -> None:
    """The network by hand of the section's own answer comes to the error that Python computed for it."""
    chart = awake(page, "#fig-four")
    values = {"kink 1": 0, "change 1": 0.55, "kink 2": 2.25, "change 2": -0.45, "kink 3": 4, "change 3": -0.5, "kink 4": 9, "change 4": 0.65, "start": -0.15}
    for name, value in values.items():
        chart.get_by_role("slider", name=name).fill(str(value))
    expect(chart.locator(".now .mark-text.role-mark text")).to_have_text("worst error 13 cm")


def test_nothing_moves_when_a_chart_comes_alive(page: Page) -> None:
    page.goto(SECTION)
    chart = page.locator("#fig-neuron .live")
    before = chart.bounding_box()
    chart.scroll_into_view_if_needed()
    expect(chart).to_have_attribute("data-state", "alive", timeout=30_000)
    now, then = chart.bounding_box(), before
    assert now
    assert then
    assert (now["width"], now["height"]) == (then["width"], then["height"])
    still, alive = chart.locator(".still").bounding_box(), chart.locator(".now svg").bounding_box()
    assert still == alive
    moved = page.evaluate(
        "() => new Promise(done => new PerformanceObserver(list => done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))"
        ".observe({type: 'layout-shift', buffered: true}) || setTimeout(() => done(0), 500))"
    )
    assert moved < 0.01


def test_it_follows_the_scheme(page: Page) -> None:
    chart = awake(page)
    ink = "text => getComputedStyle(text).fill"
    label = chart.locator(".now .role-axis-label text").first
    light = label.evaluate(ink)
    page.get_by_role("button", name="Dark colors").click()
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    dark = label.evaluate(ink)
    assert light != dark
    assert dark == page.locator("body").evaluate("body => getComputedStyle(body.querySelector('.md-typeset h1')).color")


def test_without_scripts_the_still_stands(browser: Browser, host: Host) -> None:
    context = browser.new_context(base_url=host.address, java_script_enabled=False)
    page = context.new_page()
    page.goto(SECTION)
    chart = page.locator("#fig-neuron .live")
    expect(chart.locator(".still svg")).to_be_visible()
    assert FALLS.search(chart.locator(".still").text_content() or "")
    expect(chart.locator(".controls")).to_be_hidden()
    context.close()


def test_paper_shows_the_still(page: Page) -> None:
    chart = awake(page)
    page.emulate_media(media="print")
    expect(chart.locator(".still")).to_be_visible()
    expect(chart.locator(".now")).to_be_hidden()
    expect(chart.locator(".controls")).to_be_hidden()


@pytest.mark.parametrize(("address", "loaded"), [(SECTION, True), (OTHER, False), ("/", False)])
def test_scripts_are_loaded_where_they_are_needed(page: Page, address: str, loaded: bool) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(address, wait_until="networkidle")
    assert not any("/assets/vega/" in url for url in asked), "before a chart is near the screen"
    page.evaluate("(document.querySelector('.live') ?? document.body.lastElementChild).scrollIntoView()")
    if loaded:
        expect(page.locator(".live[data-state=alive]").first).to_be_attached(timeout=30_000)
    page.wait_for_load_state("networkidle")
    assert any("/assets/vega/" in url for url in asked) == loaded


def test_the_pages_policy_may_forbid_to_make_code(browser: Browser, host: Host) -> None:
    """Expressions of a chart are interpreted: nothing needs `unsafe-eval`."""
    context = browser.new_context(base_url=host.address)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    policy = "script-src 'self' 'unsafe-inline'; connect-src 'self'"
    page.route("**/universality/", lambda route: route.fulfill(response=route.fetch(), headers={"content-type": "text/html", "content-security-policy": policy}))
    awake(page)
    assert not complaints
    context.close()


def test_a_figure_opens_large_and_closes_again(page: Page) -> None:
    page.goto(SECTION)
    figure = page.locator("#fig-width")
    figure.scroll_into_view_if_needed()
    button = figure.get_by_role("button", name="Enlarge Figure")
    button.focus()
    small = figure.locator(":scope > svg").bounding_box()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.zoomed")
    expect(dialog).to_be_visible()
    large = dialog.locator("svg").bounding_box()
    assert small
    assert large
    assert large["width"] > 1.3 * small["width"]
    expect(dialog.locator("figcaption")).to_contain_text("Worst error")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    again = figure.locator(":scope > svg").bounding_box()
    assert again
    assert (again["width"], again["height"]) == (small["width"], small["height"])
    figure.locator(":scope > svg").click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


def test_charts_that_move_do_not_open(page: Page) -> None:
    awake(page)
    assert page.locator(".live .zoom").count() == 0
    assert page.locator("figure:has(.live) > .zoom").count() == 0
