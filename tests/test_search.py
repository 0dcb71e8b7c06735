"""What can be found on a page, and the index that is made of it."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from copies import Tiny, copy

from hooks import classic, indexing, offline, search
from hooks.cache import Cache
from hooks.problem import BookError
from hooks.search import Part, Record

MATH = (
    '<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>x</mi><mo>=</mo><mi>η</mi></mrow>'
    '<annotation encoding="application/x-tex">\\mathbf{x} = \\eta</annotation></semantics></math></span>'
    '<span class="katex-html" aria-hidden="true">x=η</span></span>'
)
PAGE = f"""
<h1 id="sec-rain"><span class="number">2.1</span> Rain<a class="headerlink" href="#sec-rain">#</a></h1>
<p class="cost">3 min to read</p><p>It falls. <script>not()</script></p>
<div class="highlight"><pre><code>gauge.pour(150)</code></pre></div><pre class="output stdout">7.5</pre>
<h2 id="sec-depth">Depth of {MATH}<a class="headerlink" href="#sec-depth">#</a></h2>
<p>We write {MATH} for the water. Then the rate is</p>
<div class="equation" id="eq-rate"><span class="formula">{MATH}</span><span class="number">(2.1.1)</span></div>
<p>where the lake is full.</p>
<figure class="figure" id="fig-lake"><svg><text>0.5</text></svg><figcaption><b>Figure 2.1.1.</b> The lake at noon.</figcaption></figure>
<div class="table" id="tbl-days"><table><caption><b>Table 2.1.1.</b> All days.</caption><tr><td>Monday</td><td>wet</td></tr></table></div>
<p>After it.</p>
<dl><dt id="drizzle">drizzle</dt><dd>Fine rain.</dd><dt>sleet</dt><dd>No place of its own.</dd></dl>
<p data-search="off">Nobody looks for this.</p>
<div data-kind="function" id="puddle.pour" data-name="puddle.pour"><h3 id="puddle.pour-2">pour</h3><p>Pours water.</p></div>
<p>The end.</p>
"""


def found(kind: str) -> list[Record]:
    return [record for record in search.of_page(PAGE, "water/rain/", Part(1, "Water")) if record.kind == kind]


def test_sections() -> None:
    rain, depth, *_ = found("section")
    assert (rain.url, rain.title, rain.page, rain.part.title) == ("water/rain/", "2.1 Rain", "2.1 Rain", "Water")
    assert rain.text == "It falls. gauge.pour(150)", "what a block prints, the costs and scripts are not searched"
    assert (depth.url, depth.title, depth.page) == ("water/rain/#sec-depth", "Depth of x = η", "2.1 Rain")
    assert depth.text.startswith("We write x = η for the water.")
    assert "Nobody" not in depth.text
    assert depth.text.endswith("The end."), "a symbol with a place of its own does not end a section"


def test_an_equation_is_found_by_what_is_said_of_it() -> None:
    (equation,) = found("equation")
    assert (equation.url, equation.title) == ("water/rain/#eq-rate", "Equation 2.1.1")
    assert equation.formula == '<math display="block"><mrow><mi>x</mi><mo>=</mo><mi>η</mi></mrow></math>'
    for words in ("for the water", "lake is full", "x = η"):
        assert words in equation.text


def test_figures_tables_symbols_and_terms() -> None:
    figure, table = found("figure")
    assert (figure.url, figure.title, figure.text) == ("water/rain/#fig-lake", "Figure 2.1.1", "The lake at noon.")
    assert (table.url, table.title, table.text) == ("water/rain/#tbl-days", "Table 2.1.1", "All days. Monday wet")
    (symbol,) = found("symbol")
    assert (symbol.url, symbol.title) == ("water/rain/#puddle.pour", "puddle.pour")
    (term,) = found("term")
    assert (term.url, term.title) == ("water/rain/#drizzle", "drizzle")
    assert term.text.startswith("Fine rain.")
    assert "After" not in term.text


def records(count: int) -> list[Record]:
    kinds, parts = search.KINDS, [Part(2, "Wind"), Part(1, "Water"), Part()]
    return [Record(kinds[at % 5], f"a/{at}/#x", f"Title {at}", "A page of its own", parts[at % 3], f"number{at} and ₂ <b>", "<math> </math>") for at in range(count)]


def test_the_index_has_the_same_bytes_every_time_and_says_what_a_page_is() -> None:
    made = indexing.files(records(60))
    assert all(indexing.files(records(60)) == made for _ in range(4)), "Pagefind's own hash tables have another order at every run"
    facets = json.loads(made[indexing.FACETS])
    assert facets["parts"] == ["Water", "Wind"], "in the order of the book"
    assert facets["pages"] == [], "each of these is a place on a page"
    page = Record("section", "a/", "A page", "A page", Part(2, "Wind"), "whole")
    assert json.loads(indexing.files([*records(4), page])[indexing.FACETS])["pages"] == [["a/", "A page", 1]]
    kinds = [(kind, part) for kind, part, count in facets["runs"] for _ in range(count)]
    fragments = {int(Path(name).stem[3:7], 16): json.loads(gzip.decompress(data)[len(indexing.SEAL) :]) for name, data in made.items() if "fragment/" in name}
    assert sorted(fragments) == list(range(60))
    for number, fragment in fragments.items():
        was = records(60)[int(fragment["meta"]["title"].split()[1])]
        assert kinds[number] == (was.kind, ["Water", "Wind", ""].index(was.part.title) if was.part.title else -1)
        assert fragment["url"] == was.url
        assert json.loads(fragment["anchors"][0]["id"]) == {"page": was.page, "formula": was.formula}
        assert fragment["content"] == was.text
    (meta,) = [gzip.decompress(data) for name, data in made.items() if name.endswith(".pf_meta")]
    assert all(Path(name).stem.encode() in meta for name in made if "/" in name), "every file is named in the list of all"


def test_what_has_no_word_but_its_title_is_found_too() -> None:
    some = [*records(3), Record("symbol", "x/#silent", "silent", "x", Part(2, "Wind")), Record("symbol", "x/#star", "star", "x", Part(2, "Wind"), "★★")]
    assert sum("fragment/" in name for name in indexing.files(some)) == 5, "else the numbers of the others are wrong"


def test_an_address_that_is_there_twice_is_found_once() -> None:
    """A label given twice is an error that the build names; it is no reason to end without saying so."""
    twice = Record("equation", "a/0/#x", "Equation 1.1", "x", Part(2, "Wind"), "its second place")
    assert sum("fragment/" in name for name in indexing.files([*records(3), twice])) == 3


def test_a_work_is_found_in_the_bibliography_and_is_no_symbol() -> None:
    html = '<h1 id="a">Works</h1><dl><dt id="ref-gauss" data-kind="work">Gauss</dt><dd>1809</dd><dt id="rain" data-kind="term">Rain</dt><dd>Water.</dd></dl>'
    assert [(record.kind, record.title) for record in search.of_page(html, "works/")] == [("section", "Works"), ("term", "Rain")]


def test_where_hashes_begin_alike() -> None:
    """Pagefind gives such a page a longer name."""
    names = ["en_0123456", "en_01234567"]
    pages = b"".join(b"\x82" + bytes([0x60 + len(name)]) + name.encode() + b"\x05" for name in names)
    chunk = b"\x81\x83aaez\xe2\x82\x82xjen_89abcde"
    made = {"pagefind.en_abc.pf_meta": gzip.compress(indexing.SEAL + pages + chunk), "pagefind-entry.json": b'{"hash":"en_abc"}'}
    settled = indexing._settled({**made, **{f"fragment/{name}.pf_fragment": name.encode() for name in names}}, "fed")
    assert {path: data for path, data in settled.items() if "/" in path} == {"fragment/en_0000fed.pf_fragment": b"en_0123456", "fragment/en_0001fed.pf_fragment": b"en_01234567"}
    (meta,) = [path for path in settled if path.endswith(".pf_meta")]
    assert gzip.decompress(settled[meta]).endswith(b"\x82jen_0001fed\x05" + chunk), "the list of words is as it was"
    assert f'"hash":"{meta[9:-8]}"'.encode() in settled["pagefind-entry.json"]


def test_an_index_is_made_again_only_where_something_found_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, some = Cache(tmp_path), records(5)
    made = indexing.files(some, cache)
    monkeypatch.setenv("PAGEFIND_BINARY_PATH", str(tmp_path / "gone"))
    assert indexing.files(some, cache) == made
    with pytest.raises(FileNotFoundError):
        indexing.files(some[:4], cache)


def test_the_site_of_another_book(tiny: Tiny) -> None:
    assert tiny.run("site", "--strict").status == 0
    site = tiny.root / "site"
    titles = {record.title for record in search.of_site(site)}
    assert any(title.endswith("Measuring rain") for title in titles)
    assert (site / "pagefind/pagefind.js").exists()


def test_the_zip_is_the_same_for_the_same_site(tmp_path: Path) -> None:
    zips = []
    for name in ("one", "two"):
        tiny = copy(tmp_path / name / "book")
        assert tiny.run("site", "--strict").status == 0
        done = tiny.run("offline")
        assert done.status == 0, done.said
        assert "open site/index.html" in done.said
        zips.append((tiny.root / "site.zip").read_bytes())
    assert zips[0] == zips[1]
    shutil.rmtree(tiny.root / "site")
    done = tiny.run("offline")
    assert done.status == 1
    assert "Run `python -m hooks site` first." in done.said


def test_pages_of_the_zip() -> None:
    page = (
        '<link rel="preload" href="a.woff2" as="font" crossorigin><a class="x" href="../rain/#drops">r</a><a href="..">u</a><a href="https://a.b/">w</a>'
        '<div class="search" data-root="../..">s</div><script src="../../javascripts/book.js" type="module"></script>'
    )
    html, entries = offline.page_of(page, "water/snow/index.html")
    assert html == (
        '<a class="x" href="../rain/index.html#drops">r</a><a href="../index.html">u</a><a href="https://a.b/">w</a>'
        '<div class="search" data-titles="titles.js" data-root="../..">s</div><script src="../../offline.js" defer></script>'
    )
    assert entries == {"javascripts/book.js"}


@pytest.mark.parametrize("line", ['import one from "./one.js";', 'import { a } from "https://a.b/c.js";', "export default 3;", "export { a };", 'import "one";'])
def test_a_module_that_cannot_be_made_classic(line: str) -> None:
    with pytest.raises(BookError, match=r"js/book\.js:2: this import or export cannot be made classic"):
        classic.script("js/book.js", {"js/book.js": f"// One.\n{line}\n", "js/one.js": ""})


def test_a_module_that_is_not_there() -> None:
    with pytest.raises(BookError, match=r"js/book\.js:1: \./one\.js is not in the site"):
        classic.script("js/book.js", {"js/book.js": 'import "./one.js";\n'})
