"""What is wrong with a block stands beside it, and a section that fails shows what it did show."""

from __future__ import annotations

import re

import pytest
from copies import Tiny
from markup import elements

from hooks import run
from hooks.book import Book
from hooks.build import Build
from hooks.marks import Block

MEASURING, WORK = "book/water/measuring-rain.md", "book/water/a-mornings-work.md"
NEW = "book/water/dew.md"


def write(tiny: Tiny, text: str) -> str:
    (tiny.root / NEW).write_text(f"# Dew\n\n{text}\n")
    return NEW


def built(tiny: Tiny, file: str, write: bool = True) -> Build:
    build = Build(Book.read(tiny.root / "mkdocs.yml"))
    for _ in build.execute(write=write):
        pass
    build.render(file)
    return build


def page(tiny: Tiny, file: str) -> str:
    html = built(tiny, file).page(file)
    elements(html)  # every tag is closed
    return html


def beside(html: str, block: str, kind: str = "error") -> str:
    """The words of the notice that stands right below a block's box."""
    name = re.escape(block)
    box = re.search(rf'<(div|details) class="[^"]*"(?: open)? id="{name}">', html)
    assert box, f"{block} is not on the page"
    rest = html[box.end() :]
    depth, at = 1, 0
    while depth:
        tag = re.compile(rf"<(/?){box[1]}\b").search(rest, at)
        assert tag
        depth, at = depth + (-1 if tag[1] else 1), tag.end()
    below = rest[rest.index(">", at) + 1 :]
    notice = re.match(rf'<div class="notice {kind}" id="{kind}-{name}">(.*?)</div>', below, re.DOTALL)
    assert notice, below[:300]
    return re.sub("<[^>]+>", "", notice[1])


def top(html: str, kind: str = "error") -> str:
    found = re.findall(rf'<div class="notice {kind}">(.*?)</div>', html, re.DOTALL)
    assert len(found) == 1
    first = re.search('class="(block|checked)|id="(error|drifted)-', html)
    assert first
    assert html.index(f'<div class="notice {kind}">') < first.start()
    return str(found[0])


def outputs(html: str) -> list[str]:
    return re.findall(r'<pre class="output \w+">(.*?)</pre>', html, re.DOTALL)


FAILS = """\
```python
print("first")
depth = 7
```

It is `{python} depth` mm.

```python
print("second")
depth / 0
```

It was `{python} depth` mm.

```python {#fig-dew caption="Dew."}
print("third")
```

```python {.test}
assert depth == 7
```
"""


def test_a_section_that_fails_shows_what_it_did_show(tiny: Tiny) -> None:
    html = page(tiny, write(tiny, FAILS))
    assert outputs(html) == ["first"]
    assert '<span class="computed">7</span> mm.' in html
    assert '<span class="computed missing">–</span> mm.' in html
    assert "Not checked yet: 1 claim" in html
    assert "runs in" not in html, "it did not come to its end"
    assert "Executed on" not in html


def test_the_error_stands_beside_its_block_and_nowhere_else(tiny: Tiny) -> None:
    html = page(tiny, write(tiny, FAILS))
    said = beside(html, "block-2")
    assert f"{NEW}:12: the block raises ZeroDivisionError: division by zero. If it is meant to" in said
    assert "Traceback (most recent call last):\n      line 2: depth / 0" in said
    assert html.count("Traceback") == 1
    assert html.count('class="notice') == 2, "nothing is said of the figure that was never to be drawn"


def test_on_top_a_link_leads_to_each_place(tiny: Tiny) -> None:
    html = page(tiny, write(tiny, FAILS))
    said = top(html)
    assert said.startswith("<p>This page has errors.</p>")
    assert '<li><a href="#error-block-2">Line 12</a>: the block raises ZeroDivisionError: division by zero.</li>' in said
    for address in re.findall(r'href="#(error-[^"]+)"', said):
        assert html.count(f'id="{address}"') == 1


def test_what_is_wrong_in_prose_stays_on_top_with_its_line(tiny: Tiny) -> None:
    said = top(page(tiny, write(tiny, "See @fig-none.\n\n```python\n1 / 0\n```\n\nIt is `{python} 1 / 0` mm.")))
    assert f"{NEW}:3:</span> nothing has the label `fig-none`." in said
    assert '<a href="#error-block-1">Line 6</a>' in said


@pytest.mark.parametrize(
    ("text", "block", "words"),
    [
        ("```python {raises=ValueError}\n1\n```", "block-1", ":4: the block was to raise ValueError, and raised nothing."),
        ('```python {#fig-a caption="A."}\n1\n```', "block-1", ":3: `fig-a` is a figure's label, and this block draws none."),
        ('```python {#fig-a caption="See @fig-b."}\n1\n```', "block-1", ":3: nothing has the label `fig-b`."),
        ("```python {.tset}\n1\n```", "block-1", ":3: unknown option `.tset`."),
        ("```python\n1\n2 = 3\n```", "block-1", ":5: the block is not Python"),
        ('```python {source="puddle.Gage"}\n```', "shown-1", ":3: the library has no `puddle.Gage`."),
        ("```python {timeout=0.5}\n1\nwhile True: pass\n```", "block-1", ":5: the block is still running after 0.5 s."),
        ("```python\n1\n```\n\n- A list:\n\n    ```python\n    import os\n\n    os._exit(3)\n    ```", "block-2", ":10: the block's process ended"),
    ],
    ids=lambda value: value if str(value).startswith(":") else "",
)
def test_whatever_is_wrong_with_a_block_stands_beside_it(tiny: Tiny, text: str, block: str, words: str) -> None:
    html = page(tiny, write(tiny, text))
    assert NEW + words in beside(html, block)
    assert f'href="#error-{block}"' in top(html)


def test_what_is_folded_opens_where_it_fails(tiny: Tiny) -> None:
    text = "```python {.test}\nassert 1\n```\n\n```python {.test}\nassert 0\n```\n\n```python {.fold}\n1\n```"
    html = page(tiny, write(tiny, text))
    assert '<details class="checked" id="block-1"><summary>Checked: 1 claim' in html
    assert '<details class="checked failed" open id="block-2"><summary>Failed: 1 claim' in html
    assert '<details class="fold"><summary>' in html
    assert "the claim does not hold" in beside(html, "block-2")
    assert '<details class="fold" open><summary>' in page(tiny, write(tiny, "```python {.fold}\n1 / 0\n```"))


def test_a_hidden_block_has_its_error_all_the_same(tiny: Tiny) -> None:
    html = page(tiny, write(tiny, "```python {.hide}\n1 / 0\n```"))
    assert 'id="block-1"' not in html
    assert '<div class="notice error" id="error-block-1">' in html


def test_a_solution_that_fails_leaves_the_rest_as_it_is(tiny: Tiny) -> None:
    text = '```python\nprint("main")\n```\n\n??? solution "1"\n\n    ```python\n    1 / 0\n    ```\n\n??? solution "2"\n\n    ```python\n    print("two")\n    ```'
    html = page(tiny, write(tiny, text))
    assert outputs(html) == ["main", "two"]
    assert ":10: the block raises ZeroDivisionError" in beside(html, "solution-1-block-1")


def test_what_a_traceback_says_is_text(tiny: Tiny) -> None:
    html = page(tiny, write(tiny, "```python\nraise ValueError('<b>bold</b> $x$ \\ue000B0\\ue001')\n```"))
    assert "<b>bold" not in html
    assert "&lt;b&gt;bold&lt;/b&gt; $x$" in html
    assert not re.search("[\ue000-\ue00f]", html)


# Records


def test_what_failed_is_never_recorded(tiny: Tiny) -> None:
    tiny.edit(WORK, "sheet = []\n", "sheet = [] + 1\n")
    write(tiny, FAILS)
    before = tiny.records()
    build = built(tiny, NEW)
    assert [run.write(build.book, done, update=True) for done in build.outcomes.values()] == ["", ""]
    assert tiny.run("update").status == 1
    assert tiny.records() == before
    assert tiny.run("plan", "--quiet").status == 3


def test_what_failed_is_no_reason_not_to_run_again(tiny: Tiny) -> None:
    write(tiny, FAILS)
    build = built(tiny, NEW)
    done = build.outcomes[NEW]
    assert done.record is not None
    assert [cell.name for cell in done.record.cells] == ["block-1", "value-1"]
    assert not run.still_holds(build.book, done, build.states[NEW])


def test_the_sites_date_is_that_of_what_is_sound(tiny: Tiny) -> None:
    sound = built(tiny, MEASURING).date
    assert built(tiny, write(tiny, FAILS)).date == sound


# What has drifted


def test_each_difference_stands_beside_its_block(tiny: Tiny) -> None:
    tiny.edit("puddle/gauge.py", "return 10 * self.water / self.area", "return 20 * self.water / self.area")
    tiny.edit(MEASURING, "assert gauge.depth == 7.5\nassert gauge.empty() == 7.5 and gauge.depth == 0", "assert gauge.depth > 0")
    tiny.run("update", "measuring-rain")
    tiny.edit("puddle/gauge.py", "return 20 * self.water / self.area", "return 10 * self.water / self.area")
    build = built(tiny, MEASURING)
    assert build.outcomes[MEASURING].verdict == "drifted"
    html = build.page(MEASURING)
    assert "-15.0\n+7.5" in beside(html, "block-1", "drifted")
    said, text = top(html, "drifted"), (tiny.root / MEASURING).read_text()
    first = next(cell for cell in build.book.sections[MEASURING].cells if isinstance(cell, Block))
    assert f'<a href="#drifted-block-1">Line {first.line}</a>' in said
    value = text[: text.index("So it is `{python}")].count("\n") + 1
    assert f"<p>Line {value}:</p><pre>-15.0\n+7.5</pre>" in said, "a value in the text has no block"
    assert "runs in" in html
    assert "Executed on" in html


def test_an_error_of_the_page_does_not_hide_what_has_drifted(tiny: Tiny) -> None:
    tiny.edit("puddle/gauge.py", "return round(sum(rain.values()), 1)", "return 1111.5")
    tiny.edit(MEASURING, "Every morning", "See @fig-none. Every morning")
    html = page(tiny, MEASURING)
    assert "nothing has the label `fig-none`" in top(html)
    assert "+1111.5" in top(html, "drifted")
