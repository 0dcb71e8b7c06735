"""The buttons of blocks: what lies in the clipboard is what was promised, and it runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hooks import records, runnable, verdicts
from hooks.book import Book
from hooks.clipboard import Clipboard

ROOT = Path(__file__).resolve().parents[2]
SECTION = "linear-networks/linear-regression-scratch"


@pytest.fixture
def copying(page: Page) -> Page:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/{SECTION}/")
    return page


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def texts(address: str) -> Clipboard:
    book = Book.read(ROOT / "mkdocs.yml")
    section = next(book.sections[file] for file in book.sections if file.startswith(f"book_src/{address}."))
    made = verdicts.read(book, section)
    assert made
    return Clipboard(section, made, runnable.terms(book))


def test_copy_is_exactly_the_code(copying: Page) -> None:
    copying.locator("#block-3").get_by_role("button", name="Copy", exact=True).click()
    expect(copying.locator("#block-3").get_by_role("button", name="Copied")).to_be_visible()
    expect(copying.get_by_role("status").filter(has_text="Copied")).to_have_count(1)  # said aloud, too
    section = texts(SECTION).section
    assert clipboard(copying) == next(block.source for block in section.blocks if block.name == "block-3")


def test_the_script_puts_together_what_the_build_has_verified(copying: Page) -> None:
    """Every text of every page, by keyboard on the first."""
    book = Book.read(ROOT / "mkdocs.yml")
    count = 0
    for file in book.sections:
        address = file.removeprefix("book_src/").rpartition(".")[0]
        found = texts(address)
        copying.goto(f"/{address}/")
        for name in found.blocks():
            button = copying.locator(f"#{name}").get_by_role("button", name="Copy runnable", include_hidden=True)
            button.dispatch_event("click")
            expect(copying.locator(f"#{name} .copy")).to_contain_text("Copied")
            assert clipboard(copying) == found.text(name), f"{file} {name}"
            count += 1
    assert count > 50


def test_with_the_keyboard_alone(copying: Page) -> None:
    button = copying.locator("#block-3").get_by_role("button", name="Copy runnable")
    copying.locator("#block-3").get_by_role("button", name="Copy", exact=True).focus()
    copying.keyboard.press("Tab")
    expect(button).to_be_focused()
    expect(copying.locator("#block-3 .copy")).to_have_css("opacity", "1")
    copying.keyboard.press("Enter")
    expect(copying.locator("#block-3 .copy")).to_contain_text("Copied")
    assert clipboard(copying) == texts(SECTION).text("block-3")


def test_what_was_copied_runs_in_a_fresh_python(copying: Page, tmp_path: Path) -> None:
    copying.locator("#block-4").hover()
    copying.locator("#block-4").get_by_role("button", name="Copy runnable").click()
    expect(copying.locator("#block-4 .copy")).to_contain_text("Copied")
    text = clipboard(copying)
    assert "pip install" in text.splitlines()[0]
    done = subprocess.run([sys.executable, "-c", f"import sys; sys.path.append({str(ROOT)!r})\n{text}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    book = Book.read(ROOT / "mkdocs.yml")
    record, _, _ = records.read(book.record_file(book.sections[f"book_src/{SECTION}.md"]))
    assert record
    assert done.stdout.endswith("".join(output.text for output in record.outputs("block-4")))


def test_commands_are_copied_without_prompts(copying: Page) -> None:
    copying.goto("/computational-performance/multi-gpu-concise/")
    copying.locator(".block.console").first.get_by_role("button", name="Copy", exact=True).dispatch_event("click")
    expect(copying.locator(".block.console").first.locator(".copy")).to_contain_text("Copied")
    assert clipboard(copying).startswith("torchrun ")
    assert copying.locator(".block.console").first.get_by_role("button", name="Copy runnable", include_hidden=True).count() == 0


def test_pages_of_the_site_itself_have_one_button(copying: Page) -> None:
    copying.goto("/how-to-read/")
    blocks = copying.locator(".md-content .highlight")
    assert blocks.count() > 0
    assert copying.get_by_role("button", name="Copy runnable", include_hidden=True).count() == 0
    assert copying.get_by_role("button", name="Copy", exact=True, include_hidden=True).count() == blocks.count()


def test_fingers_find_the_buttons_and_they_cover_no_code(copying: Page) -> None:
    phone = copying.context.browser.new_context(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True, base_url=copying.url)  # type: ignore[union-attr]
    page = phone.new_page()
    page.goto(copying.url)
    bar, code = page.locator("#block-3 .copy"), page.locator("#block-3 .highlight pre")
    above, below = bar.bounding_box(), code.bounding_box()
    assert above
    assert below
    assert above["y"] + above["height"] <= below["y"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    button = bar.get_by_role("button").first.bounding_box()
    assert button
    assert button["height"] >= 24
    phone.close()


def test_without_scripts_there_are_no_buttons(copying: Page) -> None:
    still = copying.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    page = still.new_page()
    page.goto(copying.url)
    assert page.get_by_role("button", name="Copy").count() == 0
    assert json.loads(page.locator("#runnable").inner_text() or "{}") is not None
    still.close()
