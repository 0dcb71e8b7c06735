"""A chart is recorded as what it says, compared number by number, and has a still; it brings no address along."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from copies import Tiny

from hooks import assets, controls, live, records, stills
from hooks.compare import same
from hooks.problem import BookError
from hooks.records import Cell, Output

ROOT = Path(__file__).resolve().parents[1]
V6 = "application/vnd.vegalite.v6+json"
PAGE = """---
stars: 1
needs: [measuring-rain]
able: [fill a glass, empty it]
---

# Snow {{#sec-snow}}

```python {{#fig-snow caption="A glass that fills."}}
import altair as alt

fall = alt.param(name="fall", value=2, bind=alt.binding_range(min=0, max=5, step=0.5, name="fall (mm)"))
data = {data}
alt.Chart(data).transform_calculate(y="fall * datum.x").mark_line(color="black").encode(x="x:Q", y="y:Q").add_params(fall)
```
"""
ROWS = "alt.Data(values=[{'x': 0, 'z': 0.1}, {'x': 1, 'z': 1 / 3}])"


def spec(**more: Any) -> dict[str, Any]:
    data = {"values": [{"x": 1.0, "y": 1e-9}, {"x": 2.0, "y": 4.0}]}
    return {"mark": "line", "data": data, "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}}, **more}


def output(**more: Any) -> Output:
    return Output("result", "", V6, live.recorded(spec(**more)))


def snowing(tiny: Tiny, data: str = ROWS) -> Path:
    (tiny.root / "book" / "water" / "snow.md").write_text(PAGE.format(data=data), encoding="utf-8")
    tiny.edit("book/outline.yml", "snow: Snow", "snow:")
    return tiny.root / "book" / "_records" / "water" / "snow.json"


def test_a_chart_is_recorded_with_its_still_and_shown(tiny: Tiny) -> None:
    file = snowing(tiny)
    for command in (("update", "snow"), ("site",)):
        done = tiny.run(*command)
        assert done.status == 0, done.said
    record, _, trouble = records.read(file)
    assert record, trouble
    (shown,) = record.outputs("block-1")
    assert (shown.kind, shown.mime) == ("result", V6)
    assert json.loads(shown.content)["mark"]["color"] == "currentColor"
    assert b"<text" in shown.still
    assert (file.with_suffix("") / "fig-snow.svg").read_bytes() == shown.still
    page = tiny.page("water/snow")
    assert re.search(r'<figure class="figure" id="fig-snow"><div class="live" data-alt="A glass that fills."><div class="stage"><div class="still"><svg', page)
    assert '<label><span class="name">fall (mm)</span><input type="range" name="fall" min="0" max="5" step="0.5" value="2"' in page
    assert "vega.github.io" not in page.partition('<div class="live"')[2]
    # Another run draws no still anew: what is recorded stays to the byte.
    before = file.read_bytes()
    assert "nothing to write" in tiny.run("update", "snow").said, "the same chart is not the same record"
    tiny.edit("book/water/snow.md", "fall * datum.x", "datum.x * 7")
    assert tiny.run("update", "snow").status == 0
    changed, _, _ = records.read(file)
    assert changed
    assert changed.outputs("block-1")[0].still != shown.still
    tiny.edit("book/water/snow.md", "datum.x * 7", "fall * datum.x")
    assert tiny.run("update", "snow").status == 0
    now = json.loads(file.read_text())
    assert now["cells"][0]["outputs"] == json.loads(before)["cells"][0]["outputs"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("'https://example.org/snow.csv'", "the chart would fetch its data from `https://example.org/snow.csv`."),
        ("'snow.csv'", "the chart would fetch its data from `snow.csv`."),
        ("alt.Data(values=[{'x': float('nan')}])", "the chart's data hold a number that JSON does not know"),
    ],
)
def test_a_chart_that_no_page_can_show_is_an_error(tiny: Tiny, data: str, said: str) -> None:
    file = snowing(tiny, data)
    done = tiny.run("site")
    assert done.status == 1
    assert f"book/water/snow.md:14: {said}" in done.said
    assert not file.exists()


def test_a_chart_that_is_wrong_says_where(tiny: Tiny) -> None:
    snowing(tiny, ROWS + "\nalt.Chart(data).mark_line().encode(x=5)")
    done = tiny.run("site")
    assert done.status == 1
    assert "book/water/snow.md:" in done.said


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"data": {"url": "rain.csv"}}, "fetch its data"),
        ({"layer": [{"data": {"url": "rain.csv"}, "mark": "line"}]}, "fetch its data"),
        ({"transform": [{"lookup": "x", "from": {"data": {"url": "rain.csv"}, "key": "x"}}]}, "fetch its data"),
        ({"encoding": {"href": {"field": "x"}}}, "links or pictures"),
        ({"mark": {"type": "image"}}, "links or pictures"),
        ({"mark": "image"}, "links or pictures"),
        ({"mark": {"type": "point", "href": "https://example.org"}}, "links or pictures"),
        ({"params": [{"name": "p", "value": "a", "bind": {"input": "text"}}]}, "binds `text`"),
        ({"params": [{"name": "p", "select": "point", "bind": {"input": "range"}}]}, "binds `range`"),
        ({"params": [{"name": "p", "value": 1, "bind": {"input": "range", "min": 0}}]}, "lacks its value"),
    ],
)
def test_what_is_refused(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(live.Refused, match=reason):
        live.recorded(spec(**more))


def test_data_named_like_parts_of_a_chart_are_data() -> None:
    rows = [{"x": 1, "href": "black", "data": {"url": "a"}, "bind": {"input": "text"}}]
    assert json.loads(live.recorded(spec(data={"values": rows})))["data"]["values"] == rows


def test_charts_are_compared_number_by_number() -> None:
    before = output()

    def varied(**rows: float) -> Output:
        data = {"values": [{"x": rows.get("x1", 1.0), "y": rows.get("y1", 1e-9)}, {"x": rows.get("x2", 2.0), "y": rows.get("y2", 4.0)}]}
        return Output("result", "", V6, live.recorded(spec(data=data)))

    assert same((before,), (varied(x2=2.00001),))
    assert same((before,), (varied(y1=-3e-9),)), "noise beside a large number is noise"
    assert not same((before,), (varied(x2=2.01),))
    assert not same((before,), (varied(y1=0.01),))
    assert not same((before,), (output(mark="point"),))
    assert not same((before,), (output(title="other"),))
    assert not same((output(params=[{"name": "w", "value": True}]),), (output(params=[{"name": "w", "value": 1}]),))


def test_the_books_look_goes_under_the_charts_own() -> None:
    made = json.loads(live.recorded(spec(config={"axis": {"labelColor": "#333", "gridColor": "#000"}}, title="black")))
    assert (made["config"]["axis"]["labelColor"], made["config"]["axis"]["gridColor"]) == ("#333", "currentColor")
    assert made["config"]["axis"]["titleColor"] == "currentColor"
    assert made["title"] == "black", "a word is no color"


def test_what_cannot_be_drawn_says_why() -> None:
    good = Cell("block-1", (output(), Output("stdout", "words")))
    (drawn,) = stills.added([good])
    assert drawn.outputs[0].still.startswith(b"<svg")
    assert drawn.outputs[1] == good.outputs[1]
    assert stills.added([drawn]) == (drawn,)
    broken = Cell("block-2", (output(encoding={"x": {"field": "x", "type": "quantitative"}}, transform=[{"calculate": "datum.x +", "as": "y"}]),))
    with pytest.raises(stills.Undrawn) as error:
        stills.added([good, broken])
    assert error.value.args[0] == "block-2"


def test_the_place_in_the_page_is_inert() -> None:
    nasty = "</script><script>alert(1)</script>"
    params = [
        {"name": "a", "value": 0, "bind": {"input": "range", "min": -1, "max": 1, "name": nasty}},
        {"name": "b", "value": True, "bind": {"input": "checkbox"}},
        {"name": "c", "value": "it's", "bind": {"input": "select", "options": ["one", "it's", nasty]}},
    ]
    made = controls.place(live.recorded(spec(params=params, title=nasty)), "<svg/>", 'say "a"')
    assert made.count("<script") == made.count("</script>") == 1
    found = re.search(r'<script type="application/json">(.*)</script>', made)
    assert found
    bare = json.loads(found[1])
    assert bare["title"] == nasty
    assert "bind" not in json.dumps(bare)
    assert made.count("<label") == 3
    assert 'data-alt="say &quot;a&quot;"' in made
    assert ">0.00</span>" in made
    assert """<option value='"it's"'""" not in made
    assert "checked" in made


def test_versions_agree() -> None:
    """What makes a chart, what draws its still and what shows it in a browser speak one version of the language."""
    import altair
    import vl_convert

    def version(text: str) -> tuple[int, ...]:
        return tuple(int(part) for part in text.removeprefix("v").split(".")[:2])

    pins = json.loads((ROOT / "package.json").read_text())["dependencies"]
    written, drawn, shown = version(altair.SCHEMA_VERSION), version(vl_convert.get_vegalite_versions()[-1]), version(pins["vega-lite"])
    assert written[0] == drawn[0] == shown[0]
    assert written <= drawn, "the still is drawn by an older version than the chart is written for"
    assert written <= shown
    assert version(vl_convert.get_vega_version())[0] == version(pins["vega"])[0]


def test_a_module_imports_by_address(tmp_path: Path) -> None:
    module = tmp_path / "node_modules" / "a" / "a.js"
    module.parent.mkdir(parents=True)
    module.write_text("import {b} from 'b';\nimport c from \"c\";\nconst from = 'b';\n")
    fields = {"assets": {"x/": ["a/a.js"]}, "imports": {"x/a.js": {"b": "../b.js"}}}
    (tmp_path / "package.json").write_text(json.dumps({"book": fields}))
    made = assets.modules(tmp_path, assets.found(tmp_path))
    assert made == {"x/a.js": "import {b} from '../b.js';\nimport c from \"c\";\nconst from = 'b';\n"}
    (tmp_path / "package.json").write_text(json.dumps({"book": {**fields, "assets": {"x/": ["b/b.js"]}}}))
    with pytest.raises(BookError):
        assets.found(tmp_path)
