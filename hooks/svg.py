"""A drawing that a block made -> SVG that may stand in the page itself: it follows the page's colors, cannot act,
loads nothing, and its inner addresses collide with no other drawing's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from hooks import sanitize
from hooks.live import BLACK


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SVG = "http://www.w3.org/2000/svg"
ELEMENTS = _words(
    "svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath image clipPath marker "
    "pattern linearGradient radialGradient stop title desc"
)
LOOKS = _words(  # presentation attributes, which are properties of style as well
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit "
    "stroke-dasharray stroke-dashoffset opacity color stop-color stop-opacity clip-path clip-rule marker-start "
    "marker-mid marker-end display visibility vector-effect paint-order shape-rendering image-rendering text-rendering "
    "font font-family font-size font-style font-weight font-variant font-stretch letter-spacing word-spacing "
    "text-anchor text-decoration dominant-baseline alignment-baseline baseline-shift white-space writing-mode "
    "mix-blend-mode"
)
PLACES = _words(
    "x y x1 y1 x2 y2 dx dy cx cy r rx ry fx fy d points width height viewBox preserveAspectRatio transform rotate "
    "textLength lengthAdjust startOffset pathLength offset gradientUnits gradientTransform spreadMethod patternUnits "
    "patternContentUnits patternTransform clipPathUnits markerWidth markerHeight markerUnits refX refY orient"
)
URL = re.compile(r"url\(\s*[\"']?#(?P<id>[^\"')\s]+)[\"']?\s*\)\Z")
UNSAFE = re.compile(r"url|expression|javascript|[\\@<>{}]|/\*", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+\Z")
EVERYWHERE = re.compile(r"\*\s*\{(?P<style>[^{}]*)\}")  # matplotlib's one rule
PLAIN = re.compile(r"(?:[\w.,:;#()%/+-]| (?! ))*\Z", re.ASCII)  # but for spaces at its ends, which are not there
LENGTH = re.compile(r"\s*(?P<number>\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>px|pt|in|cm|mm)?\s*\Z")
PIXELS = {"px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4}


def clean(content: bytes, prefix: str, alt: str) -> str:
    """The drawing for the page. Raises ValueError where it is not SVG.

    `prefix` is unique on the page, `alt` says what the drawing shows.

    >>> drawing = b'<svg onload="x()" viewBox="0 0 9 9"><path id="p" d="M0 0" stroke="#000"/><use href="#p"/></svg>'
    >>> print(clean(drawing, "fig-a", "a line").partition('fill="currentColor"')[2])
    ><path id="fig-a.1" d="M0 0" stroke="currentColor"/><use href="#fig-a.1"/></svg>
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from None
    if _name(root) != "svg":
        raise ValueError("its root is no `svg`")
    return _Drawing(root, prefix).markup(alt)


class _Drawing:
    def __init__(self, root: etree._Element, prefix: str) -> None:
        self.root = root
        self.addresses: dict[str, str] = {}  # those that something refers to get new ones
        referred = {target for node in self.nodes() for target in _targets(node)}
        for node in self.nodes():
            old = node.get("id")
            if old in referred and old not in self.addresses:
                self.addresses[old] = f"{prefix}.{len(self.addresses) + 1}"
        self.given: set[str] = set()
        self.styles: dict[str, str] = {}  # many elements have the same one

    def nodes(self) -> Iterator[etree._Element]:
        return (node for node in self.root.iter() if _name(node) in ELEMENTS)

    def markup(self, alt: str) -> str:
        attributes = {
            "xmlns": SVG,
            **self.size(),
            "role": "img",
            "aria-label": " ".join(alt.split()),
            "style": "max-width:100%;height:auto",
            "fill": "currentColor",  # what says no color of its own
            **self.rules(),
        }
        own = dict(self.attributes(self.root))
        attributes.update({name: value for name, value in own.items() if name in LOOKS})
        if own_style := own.get("style"):
            attributes["style"] += ";" + own_style
        return sanitize.private("".join(self.element(self.root, attributes)))

    def size(self) -> dict[str, str]:
        """Width and height in pixels, so that the page knows the drawing's place before it is drawn."""
        found = {name: LENGTH.match(self.root.get(name, "")) for name in ("width", "height")}
        sides = {n: float(m["number"]) * PIXELS[m["unit"] or "px"] for n, m in found.items() if m}
        box = self.root.get("viewBox", "")
        numbers = box.replace(",", " ").split()
        if len(numbers) == 4 and all(re.fullmatch(r"-?[\d.]+(?:e-?\d+)?", number) for number in numbers):
            box = " ".join(numbers)
            sides = sides or {"width": float(numbers[2]), "height": float(numbers[3])}
        else:
            box = f"0 0 {sides['width']:g} {sides['height']:g}" if len(sides) == 2 else ""
        shown = {name: f"{round(side, 2):g}" for name, side in sides.items()}
        return {**shown, **({"viewBox": box} if box else {})}

    def rules(self) -> dict[str, str]:
        """What a style sheet inside says of all elements; the root hands it down."""
        sheets = [node.text or "" for node in self.root.iter() if _name(node) == "style"]
        styles = [match["style"] for sheet in sheets for match in EVERYWHERE.finditer(sheet)]
        return dict(part for style in styles for part in self.properties(style))

    def element(self, node: etree._Element, attributes: dict[str, str]) -> Iterator[str]:
        name = _name(node)
        yield "<" + name + "".join(f' {key}="{_quoted(value)}"' for key, value in attributes.items())
        inside = "".join(self.inside(node, name in ("text", "tspan", "textPath", "title", "desc")))
        yield f">{inside}</{name}>" if inside else "/>"

    def inside(self, node: etree._Element, words: bool) -> Iterator[str]:
        if words and node.text:
            yield sanitize.text(node.text)
        for child in node:
            if _name(child) in ELEMENTS:
                yield from self.element(child, dict(self.attributes(child)))
            if words and child.tail:
                yield sanitize.text(child.tail)

    def attributes(self, node: etree._Element) -> Iterator[tuple[str, str]]:
        for key, raw in node.attrib.items():
            name, value = _local(str(key)), " ".join(str(raw).split())
            if name == "id":
                address = self.addresses.get(str(raw))
                if address and address not in self.given:
                    self.given.add(address)
                    yield "id", address
            elif name == "href":
                data = re.sub(r"\s", "", value)
                if value.startswith("#") and value[1:] in self.addresses:
                    yield "href", "#" + self.addresses[value[1:]]
                elif _name(node) == "image" and PICTURE.match(data):
                    yield "href", data
            elif name == "style":
                if value not in self.styles:
                    self.styles[value] = ";".join(f"{key}:{part}" for key, part in self.properties(value))
                if self.styles[value]:
                    yield "style", self.styles[value]
            elif name in LOOKS:
                yield from ((name, shown) for shown in [self.look(name, value)] if shown)
            elif name in PLACES and not UNSAFE.search(value):
                yield name, value

    def properties(self, style: str) -> Iterator[tuple[str, str]]:
        for declaration in style.split(";"):
            name, _, value = (part.strip() for part in declaration.partition(":"))
            if name in LOOKS and (shown := self.look(name, " ".join(value.split()))):
                yield name, shown

    def look(self, name: str, value: str) -> str:
        """The value of a property as it may stand here; nothing if it may not."""
        if match := URL.match(value):
            return f"url(#{self.addresses[match['id']]})" if match["id"] in self.addresses else ""
        if UNSAFE.search(value):
            return ""
        return "currentColor" if name in ("fill", "stroke") and BLACK.match(value) else value


def _quoted(value: str) -> str:
    """A value inside quotes; most are numbers and words, which stand there as they are."""
    return value if PLAIN.match(value) else sanitize.attribute(value)


@lru_cache(maxsize=1000)
def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _name(node: etree._Element) -> str:
    """An element's name if it is one of SVG's; nothing for entities and for what is foreign."""
    return _tag(node.tag) if isinstance(node.tag, str) else ""


@lru_cache(maxsize=1000)
def _tag(tag: str) -> str:
    space, _, name = tag.rpartition("}")
    return name if space in ("", "{" + SVG) else ""


def _targets(node: etree._Element) -> Iterator[str]:
    for key, value in node.attrib.items():
        if _local(str(key)) == "href" and str(value).startswith("#"):
            yield str(value)[1:]
        if "url" in value:
            yield from re.findall(r"url\(\s*[\"']?#([^\"')\s]+)", str(value))
