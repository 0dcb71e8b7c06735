"""What a search costs a reader: bytes before the first answer, time from a key to a result, memory.

    python -m benchmarks.search [--pages 200] [--rounds 8]

The same pages twice, with our search and with the theme's own, in one Chromium, in turn. Their text is the book's, its
sentences shuffled: as many words and formulas a page as a section has, and as many different words as the book has. Each
round has another first word, typed letter by letter. Our first answer is titles, which need no index: the bytes are those
before it, of the worst round, and those when the whole word has been answered from the text.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from hooks import indexing, search, tex
from tests.browser.serving import Host

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".cache" / "benchmarks" / "search"
QUERIES = ("gradient", "learning rate", "matrix", "torch", "memory", "softmax", "random seed", "error")
FORMULAS = (r"\hat{y}_i = \mathbf{w}^\top\mathbf{x}_i + b", r"L = \frac{1}{n}\sum_{i=1}^{n}(y_i - \hat{y}_i)^2", r"\mathbf{w} \leftarrow \mathbf{w} - \eta\,\nabla L")
SELECTORS = {"ours": ("/", ".search-input", ".search-results", "[role=option]"), "material": ("/", ".md-search__input", ".md-search-result__list", ".md-search-result__item")}
PROMISES = {"bytes": ("bytes before the first answer, kB", 150.0), "warm": ("from a key to a result, ms", 100.0)}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Seen from the page: the time from the last key to the first change of a list that has a result.
WATCH = """([field, list, item]) => new Promise((done) => {
  let from = 0;
  document.querySelector(field).addEventListener("input", () => { from ||= performance.now(); }, { once: true, capture: true });
  new MutationObserver((_, self) => {
    if (!from || !document.querySelector(`${list} ${item}`)) return;
    self.disconnect();
    done(performance.now() - from);
  }).observe(document.querySelector(list), { childList: true, subtree: true });
})"""


@dataclass(frozen=True)
class Measured:
    bytes: float  # kB
    text: float  # kB, when the whole first query has been answered
    cold: float  # ms, from the first key of a first visitor
    warm: float  # ms, from a key, when a word has been searched before
    memory: float  # MB that the page's process holds more than before


def sentences() -> list[str]:
    """The book's and the library's own."""
    found = []
    for path in sorted([*(ROOT / "book_src").rglob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "dlkit").rglob("*.py")]):
        text = path.read_text("utf-8")
        if path.suffix == ".py":
            text = "\n\n".join(re.findall(r'"""(.*?)"""', text, re.DOTALL))
        text = re.sub(r"\A---\n.*?\n---\n|```.*?```|\$\$.*?\$\$|\{[^{}]*\}", "", text, flags=re.DOTALL)
        text = re.sub(r"[#$\\`*_\[\]<>|@]", "", text)
        found += [re.sub(r"\s+", " ", each).strip() for each in re.split(r"(?<=[.!?])\s+", text)]
    return [each for each in dict.fromkeys(found) if 25 < len(each) < 300]


def page(number: int, known: list[str]) -> str:
    """About 1,500 words in ten sections, thirty lines of code, five numbered formulas, three figures."""
    random = Random(number)

    def paragraph() -> str:
        return escape(" ".join(random.choices(known, k=4)), quote=False)

    def heading() -> str:
        return " ".join(random.choice(known).split()[:4]).strip(".,:;()").capitalize()

    parts = [f"# {number}. {heading()}\n\n{paragraph()}"]
    for at in range(10):
        parts.append(f"## {heading()}\n\n{paragraph()}\n\n{paragraph()}")
        if at % 2:
            shown = tex.typeset(FORMULAS[at % 3], display=True)
            parts.append(f'<div class="equation" id="eq-{at}"><span class="formula">{shown}</span><span class="number">({number}.{at})</span></div>')
        if at % 4 == 2:
            parts.append(f'<figure class="figure" id="fig-{at}"><figcaption><b>Figure {number}.{at}.</b> {escape(random.choice(known))}</figcaption></figure>')
        parts.append(f"```python\nvalue_{number} = {random.random()}\nmodel.fit(value_{number})\nprint(model.score())\n```\n\n{paragraph()}")
    return "\n\n".join(parts) + "\n"


def write(folder: Path, count: int) -> None:
    known = sentences()
    shutil.rmtree(folder, ignore_errors=True)
    docs = folder / "docs"
    (docs / "pages").mkdir(parents=True)
    (docs / "index.md").write_text("# Home\n\nHere it begins.\n", "utf-8")
    for number in range(1, count):
        (docs / "pages" / f"page-{number:03d}.md").write_text(page(number, known), "utf-8")
    for name in ("javascripts", "stylesheets"):
        shutil.copytree(ROOT / "docs" / name, docs / name)
    common = "docs_dir: docs\nsite_name: Search\n"
    theme = "theme:\n  name: material\n  font: false\n  palette: [{scheme: default}]\n"
    (folder / "material.yml").write_text(f"{common}{theme}site_dir: material\nplugins: [search]\n", "utf-8")
    ours = f"  custom_dir: {ROOT}/docs/overrides\nsite_dir: ours\nplugins: []\nextra_css: [stylesheets/book.css, stylesheets/search.css]\n"
    (folder / "ours.yml").write_text(f"{common}{theme}{ours}extra_javascript: [{{path: javascripts/search.js, type: module}}]\n", "utf-8")


def build(folder: Path, tool: str) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", f"{tool}.yml"]
    subprocess.run(command, cwd=folder, check=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, stderr=subprocess.DEVNULL)
    if tool == "ours":
        indexing.write(indexing.files(search.of_site(folder / tool)), folder / tool / indexing.FOLDER)


def visit(browser: Any, address: str, tool: str, turn: int) -> Measured:
    """A first visitor searches for one word, then for the others."""
    key, field, results, item = SELECTORS[tool]
    context = browser.new_context(base_url=address)
    asked: list[Any] = []  # for an answer: the engine and its index
    context.on("requestfinished", lambda request: asked.append(request) if re.search("/(search|workers|pagefind|lunr)/", request.url) else None)
    page = context.new_page()
    page.goto("/pages/page-007/", wait_until="load")
    page.wait_for_timeout(500)
    before = _memory(browser)
    page.keyboard.press(key)
    page.wait_for_selector(field, state="visible")
    queries = QUERIES[turn % len(QUERIES) :] + QUERIES[: turn % len(QUERIES)]
    cold, got, text, warm = 0.0, 0.0, 0.0, []
    for number, query in enumerate(queries):
        page.fill(field, "" if number == 0 else query[:-1])
        page.wait_for_timeout(0 if number == 0 else 400)
        page.evaluate(f"(about) => {{ window.measured = ({WATCH})(about); }}", [field, results, item])
        if number == 0:
            rest = query
            while rest:
                page.keyboard.type(rest[0])
                rest = rest[1:]
                page.wait_for_timeout(150)  # as fast as people type
                if page.query_selector(f"{results} {item}"):
                    break
            cold = page.evaluate("window.measured")
            got = _kilobytes(asked)
            page.keyboard.type(rest, delay=150)
            page.wait_for_timeout(1000)
            text = _kilobytes(asked)
        else:
            page.keyboard.type(query[-1])
            warm.append(page.evaluate("window.measured"))
    held = _memory(browser) - before
    context.close()
    return Measured(got, text, cold, median(warm), held)


def _kilobytes(asked: list[Any]) -> float:
    return float(sum(request.sizes()["responseBodySize"] for request in list(asked)) / 1000)


def _memory(browser: Any) -> float:
    """MB of the largest process that shows a page, shared files left out."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    sizes = []
    for process in found:
        if process["type"] == "renderer":
            status = Path(f"/proc/{process['id']}/status").read_text()
            sizes += [int(kb) for kb in re.findall(r"RssAnon:\s+(\d+)", status)]
    return max(sizes) / 1000


def table(measured: dict[str, list[Measured]], pages: int) -> Iterator[str]:
    yield f"{pages} pages, medians of {len(measured['ours'])} rounds"
    yield f"{'':10s} {'first, kB':>10s} {'text, kB':>10s} {'cold, ms':>10s} {'warm, ms':>10s} {'memory, MB':>11s}"
    for tool, rows in measured.items():
        yield f"{tool:10s} " + " ".join(f"{_middle(rows, what):10.1f}" for what in ("bytes", "text", "cold", "warm", "memory"))
    pairs = list(zip(measured["ours"], measured["material"], strict=True))
    ratios = [median(getattr(a, what) / max(getattr(b, what), 0.1) for a, b in pairs) for what in ("bytes", "text", "cold", "warm", "memory")]
    yield f"{'ratio':10s} " + " ".join(f"{ratio:10.3f}" for ratio in ratios)
    for what, (text, limit) in PROMISES.items():
        value = _middle(measured["ours"], what) if what != "bytes" else max(row.bytes for row in measured["ours"])
        yield f"promise: {text}: at most {limit:.0f}; measured {value:.1f}: {'holds' if value <= limit else 'BROKEN'}"


def _middle(rows: list[Measured], what: str) -> float:
    return float(median(getattr(row, what) for row in rows))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=len(QUERIES))
    asked = parser.parse_args(arguments)
    if CHROMIUM is None:
        print("search: needs Chromium; Debian has it as the package `chromium`")
        return
    from playwright.sync_api import sync_playwright

    write(FOLDER, asked.pages)
    for tool in SELECTORS:
        build(FOLDER, tool)
    measured: dict[str, list[Measured]] = {tool: [] for tool in SELECTORS}
    with sync_playwright() as playwright, Host(FOLDER / "ours") as ours, Host(FOLDER / "material") as material:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for turn in range(asked.rounds):
            for tool, host in (("ours", ours), ("material", material)):
                measured[tool].append(visit(browser, host.address, tool, turn))
        browser.close()
    for line in table(measured, asked.pages):
        print(line)


if __name__ == "__main__":
    main()
