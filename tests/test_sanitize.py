"""What strangers print: HTML and SVG that must not harm the page."""

from __future__ import annotations

import re

import pytest
from lxml import etree
from markup import elements, png

from hooks import sanitize, svg
from hooks.outputs import dimensions

HOSTILE = [
    "</div><script>alert(1)</script>",
    "</div></div></section><p>out",
    "<div><table><tr><td><b>never closed",
    "<svg onload=alert(1)><p>in</p></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://example.org/track.png'>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "<a href='javascript:alert(1)'>x</a><a href='data:text/html,x'>y</a><a href='/up'>z</a>",
    "<style>body{display:none}</style><p style='position:fixed' class='headerlink' id='eq-x' onclick='x()'>t</p>",
    "<iframe src=//x></iframe><object data=x></object><embed src=x><form><input><button>b</button></form>",
    "<base href=//x><meta http-equiv=refresh content=0><link rel=stylesheet href=//x><title>t</title>",
    "<details open ontoggle=alert(1)><summary>s</details>",
    "<!-- --><![CDATA[x]]><?php x ?>text",
    "<plaintext>rest",
    "<textarea></div>",
    "<h1>big</h1>",
    "<span class='math' data-line='1'>\\foo</span>",
]


@pytest.mark.parametrize("markup", HOSTILE)
def test_hostile_html_is_tame(markup: str) -> None:
    clean = sanitize.fragment(markup)
    for tag, attributes in elements(clean):
        assert tag in sanitize.TABLES | sanitize.BLOCKS | sanitize.WORDS
        assert not {"id", "style", "class", "data-line"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
        assert str(attributes.get("src", "data:image/png")).startswith("data:image/png")
        assert str(attributes.get("href", "https:")).startswith("https:")
    assert "alert" not in re.sub("<[^>]*>", "", clean)


def test_a_table_stays_a_table() -> None:
    pandas = """<div>
<style scoped> .dataframe tbody tr th { vertical-align: top; } </style>
<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>rain & <i>sun</i></th></tr></thead>
<tbody><tr><th>0</th><td colspan="2">1 < 2</td></tr></tbody></table><p>1 rows × 1 columns</p></div>"""
    clean = sanitize.fragment(pandas)
    assert " ".join(tag for tag, _ in elements(clean)) == "div table thead tr th th i tbody tr th td p"
    assert '<table class="dataframe">' in clean
    assert '<td colspan="2">1 &lt; 2</td>' in clean
    assert "vertical-align" not in clean


def test_pictures_and_links() -> None:
    png = '<img src="data:image/png;base64,iVBORw0KGgo=" width="3" alt="a">'
    assert sanitize.fragment(png) == png
    assert 'href="https://x.org/a?b&amp;c"' in sanitize.fragment('<a href="https://x.org/a?b&c">x</a>')


def test_no_output_can_be_taken_for_a_token() -> None:
    token = "\ue000B0\ue001"
    for clean in (
        sanitize.text(token),
        sanitize.attribute(token),
        sanitize.fragment(f"<b title='{token}'>{token}</b>"),
    ):
        assert not re.search("[\ue000-\ue00f]", clean)
        assert "&#57344;B0&#57345;" in clean


def test_text_is_text() -> None:
    assert sanitize.text('<b> & "q" \x00\x1b[1m\tb\n') == '&lt;b&gt; &amp; "q" [1m\tb\n'
    assert sanitize.attribute('a"><script>\n') == "a&quot;&gt;&lt;script&gt;"


def draw(inside: str, root: str = 'viewBox="0 0 9 9"', prefix: str = "fig-a") -> str:
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return svg.clean(f"<svg {names} {root}>{inside}</svg>".encode(), prefix, 'say "what"')


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></body></foreignObject>",
        "<g onclick='alert(1)'/>",
        "<a xlink:href='javascript:alert(1)'><text>alert</text></a>",
        "<use xlink:href='https://x.org/a.svg#alert'/>",
        "<image href='https://x.org/alert.png'/>",
        "<image href='data:image/svg+xml;base64,alert'/>",
        "<animate attributeName='href' values='javascript:alert(1)'/>",
        "<set attributeName='onload' to='alert(1)'/>",
        "<style>@import url(https://x.org/alert.css);</style>",
        "<style>*{fill: url(https://x.org/alert)}</style>",
        "<path style='fill: url(https://x.org/alert)'/>",
        "<path style='background: alert; fill: expression(alert(1))'/>",
        "<path fill='url(https://x.org/alert#a)'/>",
        "<path filter='url(#alert)' class='alert' id='alert' data-x='alert' style='--x: alert'/>",
        "<iframe xmlns='http://www.w3.org/1999/xhtml' src='alert'/>",
        "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
        "<!-- alert --><?alert?><metadata>alert</metadata>",
    ],
)
def test_a_hostile_drawing_is_tame(inside: str) -> None:
    clean = draw(inside, 'viewBox="0 0 9 9" onload="alert(1)" id="alert"')
    assert "alert" not in clean
    assert "https" not in clean
    etree.fromstring(clean)


def test_entities_are_not_read(tmp_path: object) -> None:
    document = (
        b'<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg viewBox="0 0 1 1"><text>a&e;b</text></svg>'
    )
    assert svg.clean(document, "p", "").endswith("<text>ab</text></svg>")


@pytest.mark.parametrize("content", [b"", b"<svg", b"<html></html>", b"\x89PNG", b"<svg>" * 400])
def test_what_is_no_drawing_is_said(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        svg.clean(content, "p", "")


MATPLOTLIB = """<metadata>m</metadata><defs><style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style></defs>
 <g id="figure_1"><defs><path id="m15" d="M 0 0
L 0 3.5
" style="stroke: #000000; stroke-width: 0.8"/></defs>
 <g clip-path="url(#p7)"><use xlink:href="#m15" x="6" style="stroke: #000; fill: black"/></g>
 <path d="M 0 0" style="fill: none; stroke: #1f77b4"/>
 <text style="font-size: 10px; font-family: 'DejaVu Sans', sans-serif" transform="rotate(-0 1 2)">1 &lt; <tspan x="0">2</tspan> </text></g>
 <image xlink:href="data:image/png;base64,
iVBOR
w0=" width="3"/>
 <defs><clipPath id="p7"><rect x="0" width="3"/></clipPath></defs>"""


def test_a_plot_follows_the_page() -> None:
    clean = draw(MATPLOTLIB, 'width="460.8pt" height="72pt" viewBox="0 0 460.8 72"')
    head, _, body = clean.partition(">")
    assert head == (
        '<svg xmlns="http://www.w3.org/2000/svg" width="614.4" height="96" viewBox="0 0 460.8 72" role="img" '
        'aria-label="say &quot;what&quot;" style="max-width:100%;height:auto" fill="currentColor" '
        'stroke-linejoin="round" stroke-linecap="butt"'
    )
    assert '<path id="fig-a.1" d="M 0 0 L 0 3.5" style="stroke:currentColor;stroke-width:0.8"/>' in body
    assert (
        '<g clip-path="url(#fig-a.2)"><use href="#fig-a.1" x="6" style="stroke:currentColor;fill:currentColor"/>'
        in body
    )
    assert 'style="fill:none;stroke:#1f77b4"' in body
    assert '>1 &lt; <tspan x="0">2</tspan> </text>' in body
    assert 'href="data:image/png;base64,iVBORw0="' in body
    assert "figure_1" not in clean
    assert "#000" not in clean
    etree.fromstring(clean)


def test_two_drawings_never_share_an_address() -> None:
    first, second = draw(MATPLOTLIB, prefix="fig-a"), draw(MATPLOTLIB, prefix="fig-a.2")
    ids = [re.findall(r'\bid="([^"]+)"', drawing) for drawing in (first, second)]
    assert ids == [["fig-a.1", "fig-a.2"], ["fig-a.2.1", "fig-a.2.2"]]
    for drawing, own in zip((first, second), ids, strict=True):
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', drawing)) == {(own[0], ""), ("", own[1])}


def test_salted_addresses_do_not_reach_the_page() -> None:
    assert draw(MATPLOTLIB) == draw(MATPLOTLIB.replace("m15", "mff9").replace("p7", "p01ab"))


def test_a_size_is_found_where_it_is() -> None:
    assert 'width="9" height="9" viewBox="0 0 9 9"' in draw("")
    assert 'width="96" height="48" viewBox="0 0 96 48"' in draw("", 'width="1in" height="48"')
    assert "width" not in draw("", 'width="100%" viewBox="alert"').replace("max-width", "")


def test_sizes_of_pictures() -> None:
    assert dimensions(png(640, 48)) == (640, 48)
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xc2\x00\x0b\x08\x00\x30\x02\x80\x01\x01\x11\x00\xff\xd9"
    assert dimensions(jpeg) == (640, 48)
    for broken in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", jpeg[:9]):
        assert dimensions(broken) is None
