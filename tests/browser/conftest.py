"""The built book in a real browser: Debian's Chromium, driven by Playwright, from a server that compresses as a host does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from serving import Host
from visiting import listen

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("browser")
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="NOT TESTED: needs Chromium; Debian has it as the package `chromium`"))


@pytest.fixture(scope="session")
def host(site: Path) -> Iterator[Host]:
    """The site, served."""
    with Host(site) as host:
        yield host


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, host: Host) -> Iterator[Page]:
    """A fresh window of a first visitor. What its scripts complain of, and what it asks of other hosts, fails the test."""
    context = browser.new_context(base_url=host.address)
    page = context.new_page()
    complaints = listen(page, host)
    yield page
    context.close()
    assert not complaints
