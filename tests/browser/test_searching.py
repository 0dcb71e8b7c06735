"""Search, as a reader uses it: by keys, on a phone, in a part of the book, and in a copy of the site on a disk."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pagetypes import types
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parents[2]
expect.set_options(timeout=30_000)  # on a busy machine, too
START = "/preliminaries/automatic-differentiation/"


def begin(page: Page, address: str = START) -> None:
    page.goto(address)
    expect(page.locator(".search-open")).to_be_visible()  # the script has run
    page.keyboard.press("/")
    expect(page.locator(".search-input")).to_be_focused()


def find(page: Page, words: str) -> None:
    page.locator(".search-input").fill(words)
    expect(page.locator(".search-results")).to_have_attribute("aria-busy", "false")


def active(page: Page) -> str:
    """The option that the field says is chosen."""
    name = page.locator(".search-input").get_attribute("aria-activedescendant")
    expect(page.locator(f"#{name}")).to_have_attribute("aria-selected", "true")
    assert page.locator("[role=option][aria-selected=true]").count() == 1
    return str(name)


def test_nothing_is_fetched_before_a_reader_searches(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(START, wait_until="networkidle")
    assert not [url for url in asked if "/pagefind/" in url]
    page.locator(".search-open").click()
    find(page, "gradient")
    page.locator("[role=option]").first.wait_for()
    assert [url for url in asked if "/pagefind/" in url]


def test_by_keys(page: Page) -> None:
    page.goto(START)
    expect(page.locator(".search-open")).to_be_visible()
    page.locator(".search-open").focus()
    page.keyboard.press("/")
    field = page.locator(".search-input")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("gradient")
    page.locator("#search-option-3").wait_for()
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".search-said")).to_contain_text("sections")
    assert active(page) == "search-option-0"
    page.keyboard.press("ArrowDown")
    assert active(page) == "search-option-1"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    last = page.locator("[role=option]").count() - 1
    assert active(page) == f"search-option-{last}", "from the first, up is the last"
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".search-dialog")).not_to_be_visible()
    expect(page.locator(".search-open")).to_be_focused()
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator(".search-dialog")).not_to_be_visible()


def test_titles_answer_at_the_first_key(page: Page) -> None:
    """Before the index is there, and with it, by the letter with which a word of theirs begins."""
    page.route("**/*.pf_index", lambda route: None)  # which never comes
    begin(page)
    page.keyboard.type("a")
    titles = page.locator(".search-title")
    expect(titles.first).to_have_text("2.5 Automatic differentiation")
    assert all(any(word[:1] == "a" for word in title.lower().split()) for title in titles.all_inner_texts())
    expect(page.locator(".search-said")).to_contain_text("section")
    page.keyboard.type("utomatic diff")
    expect(titles.first).to_have_text("2.5 Automatic differentiation")
    expect(page.locator(".search-results")).to_have_attribute("aria-busy", "true")
    assert active(page) == "search-option-0"
    page.keyboard.press("Enter")
    page.wait_for_url("**/preliminaries/automatic-differentiation/")


def test_two_letters_search_the_text_after_a_pause(page: Page) -> None:
    begin(page)
    find(page, "gp")
    expect(page.locator(".search-section mark").first).to_have_text(re.compile("^GP"))
    assert {title.split()[0] for title in page.locator(".search-group").all_inner_texts()} >= {"Sections", "API"}


def test_a_result_opens_at_its_place(page: Page) -> None:
    begin(page)
    find(page, "bytes one row further")
    equation = page.locator(".search-equation").first
    equation.wait_for()
    assert equation.locator("math").count() == 1, "a formula is shown as one"
    address = str(equation.get_attribute("href"))
    assert "#eq-" in address
    while page.locator(".search-input").get_attribute("aria-activedescendant") != equation.get_attribute("id"):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{address.replace('../', '')}")
    assert page.locator(f"[id='{address.partition('#')[2]}']").count() == 1


def test_a_result_on_the_same_page_closes_the_dialog(page: Page) -> None:
    begin(page)
    find(page, "many inputs one walk")
    page.locator("[role=option]", has_text="Many inputs, one walk").first.click()
    expect(page.locator(".search-dialog")).not_to_be_visible()
    page.wait_for_url("**#many-inputs-one-walk")


def test_kinds_parts_and_more(page: Page) -> None:
    begin(page)
    find(page, "gradient")
    groups = page.locator(".search-group")
    expect(groups.nth(2)).to_be_visible()
    assert [text.split()[0] for text in groups.all_inner_texts()] == ["Sections", "API", "Equations", "Figures", "Glossary"]
    marks = {text.lower() for text in page.locator(".search-excerpt mark").all_inner_texts()}
    assert marks
    assert all("grad" in mark for mark in marks)
    before = page.locator(".search-section").count()
    page.locator(".search-more").first.click()
    expect(page.locator(".search-section").nth(before)).to_be_visible()
    expect(page.locator(".search-input")).to_be_focused()
    chips = page.locator(".search-parts button")
    assert chips.first.inner_text() == "Everything"
    part = chips.nth(1).inner_text()
    chips.nth(1).click()
    expect(chips.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(chips.first).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".search-where", has_not_text=part)).to_have_count(0)
    expect(page.locator(".search-where").first).to_be_visible()


def test_nothing_found_says_what_to_do(page: Page) -> None:
    begin(page)
    find(page, "qqqzzz")
    expect(page.locator(".search-said")).to_have_text("No results")
    expect(page.locator(".search-none")).to_contain_text("Try a shorter or a more common word")
    page.locator(".search-none a").click()
    page.wait_for_url("**/contents/")


def test_what_is_typed_is_no_markup(page: Page) -> None:
    begin(page)
    find(page, "qqqzzz <img src=x onerror=alert(1)>")
    expect(page.locator(".search-none b")).to_have_text("qqqzzz <img src=x onerror=alert(1)>")
    assert page.locator(".search-dialog img").count() == 0


def test_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(START)
    page.locator(".search-open").click()
    find(page, "gradient")
    page.locator("[role=option]").first.wait_for()
    box = page.locator(".search-dialog").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 360, "height": 740}
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator(".search-close").click()
    expect(page.locator(".search-dialog")).not_to_be_visible()


def test_without_scripts_there_is_a_link(browser: Browser, host: object) -> None:
    context = browser.new_context(base_url=host.address, java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(START)
    expect(page.get_by_role("banner").get_by_role("link", name="Contents")).to_be_visible()
    expect(page.locator(".search-open")).to_be_hidden()
    context.close()


@pytest.fixture(scope="module")
def disk(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site from its zip, in a folder with a name that addresses write otherwise."""
    folder = tmp_path_factory.mktemp("on a disk")
    subprocess.run([sys.executable, "-m", "hooks", "offline", "--site", str(site), "--output", str(folder / "site.zip")], cwd=ROOT, check=True)
    with zipfile.ZipFile(folder / "site.zip") as archive:
        archive.extractall(folder)
    return folder / site.name


@pytest.fixture
def disk_page(browser: Browser, disk: Path) -> Iterator[Page]:
    """What its scripts complain of, and what it asks of a server or does not find, fails the test."""
    complaints: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(("file:", "data:", "blob:")) else complaints.append(f"asks {request.url}"))
    left = "net::ERR_ABORTED"  # the page was left before a typeface of it had come
    page.on("requestfailed", lambda request: None if request.failure == left else complaints.append(f"does not find {request.url}"))
    yield page
    context.close()
    assert not complaints


def test_every_kind_of_page_opens_from_a_disk_and_leads_to_files(disk_page: Page, disk: Path) -> None:
    for place in types(disk):
        if not place.endswith("/"):
            continue  # what a host shows where there is no page
        disk_page.goto(f"{disk.as_uri()}{place}index.html", wait_until="load")
        # What is on the disk, from what the browser makes of each address.
        found = set(disk_page.eval_on_selector_all("a[href]", "links => links.map(link => new URL(link.getAttribute('href'), document.baseURI).href)"))
        dead = [address for address in found if address.startswith("file:") and not Path(unquote(urlsplit(address).path)).is_file()]
        assert dead == [], place


def test_search_on_a_disk_finds_titles_and_says_so(disk_page: Page, disk: Path) -> None:
    begin(disk_page, (disk / START.strip("/") / "index.html").as_uri())
    find(disk_page, "many inputs")
    expect(disk_page.locator(".search-note")).to_contain_text("the site on the web searches the text, too")
    disk_page.keyboard.press("Enter")
    disk_page.wait_for_url("file:**/index.html#many-inputs-one-walk")
    disk_page.keyboard.press("/")
    find(disk_page, "figure 2.1.2")
    expect(disk_page.locator(".search-figure .search-title").first).to_have_text("Figure 2.1.2")
    disk_page.keyboard.press("Enter")
    disk_page.wait_for_url("file:**/preliminaries/data-manipulation/index.html#fig-parts")
