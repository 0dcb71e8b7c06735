"""What the page of a section offers: files that are there, links that lead somewhere, a report that names its block."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
from copies import copy
from playwright.sync_api import Browser, Page
from serving import Host

SECTION = "/preliminaries/automatic-differentiation/"


def test_the_files_of_a_section_are_there(page: Page) -> None:
    page.goto(SECTION)
    row = page.get_by_role("navigation", name="This section as a file")
    names = [link.inner_text() for link in row.get_by_role("link").all()]
    assert names[:3] == ["Notebook", "Clean notebook", "Python file"]
    assert len(set(names)) == len(names)
    for name in names[:3]:
        with page.expect_download() as started:
            row.get_by_role("link", name=name, exact=True).click()
        path = started.value.path()
        if name == "Python file":
            compile(path.read_text(), "section.py", "exec")
        else:
            nbformat.validate(nbformat.read(path, 4))


def test_all_notebooks_in_one_file(page: Page, host: Host) -> None:
    page.goto("/how-to-read/")
    to = page.get_by_role("link", name="one zip").get_attribute("href")
    answer = page.request.get(f"{host.address}/how-to-read/{to}")
    assert answer.ok
    assert answer.body()[:2] == b"PK"


def test_where_a_section_leads(page: Page, host: Host) -> None:
    page.goto(SECTION)
    around = page.get_by_role("complementary", name="Around this section")
    links = around.locator("dl a").all()
    assert {link.inner_text() for link in links} >= {"Data manipulation", "Linear regression from scratch"}
    for link in links:
        assert page.request.get(f"{host.address}{SECTION}{link.get_attribute('href')}").ok
    assert around.locator(".planned").count() > 0
    assert around.locator(".planned a").count() == 0


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """The tiny book in a repository whose remote is on a forge."""
    tiny = copy(tmp_path_factory.mktemp("hosted") / "book")
    for words in (("init", "-q"), ("remote", "add", "origin", "git@github.com:rain/book.git")):
        subprocess.run(["git", "-C", str(tiny.root), *words], check=True)
    tiny.edit("mkdocs.yml", "library: puddle", 'library: puddle, colab: published, discussion: "https://talk.example.org/?about={slug}"')
    done = tiny.run("site", "--strict")
    assert done.status == 0, done.said
    (tiny.root / "site" / "javascripts").mkdir(exist_ok=True)
    script = Path(__file__).resolve().parents[2] / "docs" / "javascripts" / "report.js"
    (tiny.root / "site" / "report.js").write_text(script.read_text())
    with Host(tiny.root / "site") as host:
        yield host


@pytest.fixture
def visit(browser: Browser, hosted: Host) -> Iterator[Page]:
    context = browser.new_context(base_url=hosted.address)
    yield context.new_page()
    context.close()


RAIN = "/water/the-moon-and-the-rain/"
LOAD = 'const { report } = await import("/report.js"); report(document.querySelector("a.report"));'


def reported(page: Page) -> dict[str, str]:
    link = page.get_by_role("link", name="Report an error")
    link.hover()
    address = urlsplit(link.get_attribute("href") or "")
    assert (address.netloc, address.path) == ("github.com", "/rain/book/issues/new")
    return {name: value[0] for name, value in parse_qs(address.query).items()}


def test_links_to_the_forge(visit: Page) -> None:
    visit.goto(RAIN)
    to = {link.inner_text(): link.get_attribute("href") for link in visit.locator(".offers a, .onward p a").all()}
    assert to["Edit this page"] == "https://github.com/rain/book/edit/main/book/water/the-moon-and-the-rain.md"
    notebook = "water/the-moon-and-the-rain/the-moon-and-the-rain.ipynb"
    assert to["Open in Colab"] == f"https://colab.research.google.com/github/rain/book/blob/published/{notebook}"
    assert to["Discuss this section"] == "https://talk.example.org/?about=the-moon-and-the-rain"


def test_a_report_names_the_section_without_a_script_and_the_block_with_it(visit: Page) -> None:
    visit.goto(RAIN)
    said = reported(visit)
    assert said["title"] == "Error in 1.3 The moon and the rain"
    assert "Section: 1.3 The moon and the rain (book/water/the-moon-and-the-rain.md)\nBlock: not said\nVersion: text " in said["body"]
    visit.add_script_tag(content=LOAD, type="module")
    visit.wait_for_function("performance.getEntriesByName(new URL('/report.js', location).href).length > 0")
    assert "Block: not said" in reported(visit)["body"], "nothing was touched yet"
    visit.locator("#block-2 pre").first.click()
    assert f"Block: block-2 ({visit.url.partition('#')[0]}#block-2)\n" in reported(visit)["body"]
    assert "What is wrong?" in reported(visit)["body"]


def test_a_report_names_the_block_that_the_address_leads_to(visit: Page) -> None:
    visit.goto(f"{RAIN}#fig-chance")
    visit.add_script_tag(content=LOAD, type="module")
    visit.wait_for_function("performance.getEntriesByName(new URL('/report.js', location).href).length > 0")
    assert "Block: fig-chance (" in reported(visit)["body"]
