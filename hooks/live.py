"""A chart that moves under the reader's hands: its Vega-Lite, as a block gave it -> what is recorded, and compared.

Its ink is the page's: what is black in it becomes `currentColor`. It holds all its data, and loads nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MIME = re.compile(r"application/vnd\.vegalite\.v\d[\d.]*\+json\Z")
CHARTS = ("altair.vegalite.v6.api", "TopLevelMixin")  # where the class of all charts is defined, and its name
INPUTS = ("range", "checkbox", "select")
DIGITS = 8  # significant ones of a number: more than a screen has pixels
NUMBERS = (int, float)
BLACK = re.compile(r"(?:#0{3}|#0{6}|black|rgb\(\s*0%?\s*,\s*0%?\s*,\s*0%?\s*\))\Z", re.IGNORECASE)

# A transparent ground, thin axes, all in the page's ink; colors of the content that stand on white paper and on a dark page.
# What a chart says itself goes before.
_INK = "currentColor"
CONFIG: dict[str, Any] = {
    "background": None,
    "font": "sans-serif",
    "range": {"category": ["#2f7fb8", "#dd7326", "#3f9b5f", "#b0559d", "#b8a02a", "#7a7a7a"]},
    "line": {"color": "#2f7fb8"},
    "point": {"color": "#2f7fb8", "filled": True},
    "view": {"stroke": None},
    "axis": {
        "domainColor": _INK, "tickColor": _INK, "gridColor": _INK, "gridOpacity": 0.12, "labelColor": _INK,
        "titleColor": _INK, "titleFontWeight": "normal", "labelFontSize": 12, "titleFontSize": 13,
    },
    "legend": {"labelColor": _INK, "titleColor": _INK, "titleFontWeight": "normal", "labelFontSize": 12, "titleFontSize": 13},
    "header": {"labelColor": _INK, "titleColor": _INK, "titleFontWeight": "normal"},
    "title": {"color": _INK, "fontSize": 14, "fontWeight": "normal"},
    "text": {"color": _INK, "fontSize": 13},
    "rule": {"color": _INK},
}  # fmt: skip


class Refused(Exception):
    """A chart that no page can show. Its two arguments are the reason and the mend."""


def mime(data: Mapping[str, Any]) -> str:
    """The form among those a value offers that is a chart; nothing if none is."""
    return next((name for name in data if MIME.match(name)), "")


def bundled(chart: Any) -> dict[str, Any]:
    """An Altair chart, as the forms that it offers: its own choice would be a page that loads scripts from elsewhere."""
    spec = chart.to_dict()
    version = re.search(r"/v(\d+)", spec.get("$schema", "")) or re.search(r"v(\d+)", CHARTS[0])
    return {f"application/vnd.vegalite.v{version[1] if version else 6}+json": spec}


def recorded(spec: Any) -> bytes:
    """A chart as its record holds it. Raises Refused."""
    if not isinstance(spec, Mapping):
        raise Refused("what it shows is no chart of Vega-Lite.", "Show the chart itself.")
    spec = {**spec, "config": _merged(CONFIG, spec.get("config", {}))}
    for value in parts(spec):
        if isinstance(value, Mapping):
            _check(value)
    try:
        return (written(_inked(spec)) + "\n").encode()
    except ValueError:
        raise Refused("the chart's data hold a number that JSON does not know: infinite, or none.", "Leave such rows out.") from None


def _check(part: Mapping[str, Any]) -> None:
    data = part.get("data")
    if isinstance(data, Mapping) and "url" in data:
        message = f"the chart would fetch its data from `{data['url']}`."
        raise Refused(message, "Give it the data themselves: a page loads nothing, and must show the same next year.")
    encoding = part.get("encoding")
    linked = "href" in part or (isinstance(encoding, Mapping) and "href" in encoding)
    if linked or part.get("type") == "image" or part.get("mark") == "image":
        raise Refused("the chart has links or pictures in it.", "Leave them out, or put them into the text.")
    bind = part.get("bind")
    if isinstance(bind, Mapping) and ("select" in part or bind.get("input") not in INPUTS):
        asked = f"`{bind['input']}`" if isinstance(bind.get("input"), str) else "a selection"
        raise Refused(f"the chart binds {asked} to a control.", f"Bind a variable (`alt.param`) to one of {', '.join(INPUTS)}.")
    if isinstance(bind, Mapping) and bind["input"] == "range" and not all(isinstance(v, NUMBERS) for v in (part.get("value"), bind.get("min"), bind.get("max"))):
        raise Refused(f"the slider `{part.get('name')}` lacks its value, its lowest or its highest.", "Give it all three.")


def parts(value: Any) -> Iterator[Any]:
    """All objects inside, but for the data's own rows."""
    yield value
    if isinstance(value, Mapping):
        for key, inside in value.items():
            if key not in ("values", "datasets"):
                yield from parts(inside)
    elif isinstance(value, (list, tuple)):
        for inside in value:
            yield from parts(inside)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(under)
    for key, value in over.items():
        known = both.get(key)
        both[key] = _merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return both


def _inked(value: Any, key: str = "") -> Any:
    """What is black has the page's ink; numbers have the digits that can be seen."""
    if isinstance(value, Mapping):
        return {name: inside if name in ("values", "datasets") and not inside else _inked(inside, str(name)) for name, inside in value.items()}
    if isinstance(value, (list, tuple)):
        return [_inked(inside, key) for inside in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, str) and BLACK.match(value) and re.search(r"color|fill|stroke|value", key, re.IGNORECASE):
        return _INK
    return value


def written(value: Any, indent: str = "") -> str:
    """JSON, a line for each row of data, so that a diff shows which ones have changed.

    >>> print(written({"a": [{"x": 1, "y": 0.5}, {"x": 2, "y": None}]}))
    {
     "a": [
      {"x": 1, "y": 0.5},
      {"x": 2, "y": null}
     ]
    }
    """
    inside = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    if not any(isinstance(part, (Mapping, list)) for part in inside):
        return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True)
    deeper = indent + " "
    if isinstance(value, Mapping):
        lines = [f"{json.dumps(str(key), ensure_ascii=False)}: {written(value[key], deeper)}" for key in sorted(value)]
        ends = "{}"
    else:
        lines, ends = [written(part, deeper) for part in value], "[]"
    return f"{ends[0]}\n{deeper}" + f",\n{deeper}".join(lines) + f"\n{indent}{ends[1]}"


def alike(a: bytes, b: bytes, tolerance: float) -> bool:
    """Whether two charts say the same: numbers within tolerance, in a column of data relative to its largest."""
    return a == b or _alike(json.loads(a), json.loads(b), tolerance, {})


def _alike(a: Any, b: Any, tolerance: float, largest: Mapping[str, float], key: str = "") -> bool:
    if isinstance(a, bool) or isinstance(b, bool) or type(a) is not type(b):
        both = isinstance(a, NUMBERS) and isinstance(b, NUMBERS)  # 1 and 0.99999
        return a is b or (both and not isinstance(a, bool) and not isinstance(b, bool) and _near(a, b, tolerance, largest.get(key, 0.0)))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_alike(a[name], b[name], tolerance, largest, name) for name in a)
    if isinstance(a, list):
        columns = _largest(a) if key in ("values", "datasets") or largest == {} else largest
        return len(a) == len(b) and all(_alike(x, y, tolerance, columns, key) for x, y in zip(a, b, strict=True))
    if isinstance(a, float):
        return _near(a, b, tolerance, largest.get(key, 0.0))
    return bool(a == b)


def _near(a: float, b: float, tolerance: float, largest: float) -> bool:
    return abs(a - b) <= tolerance * max(abs(a), abs(b), largest)


def _largest(rows: Sequence[Any]) -> dict[str, float]:
    """The largest number of each column."""
    found: dict[str, float] = {}
    for row in rows:
        for name, value in row.items() if isinstance(row, dict) else ():
            if isinstance(value, NUMBERS):
                found[name] = max(found.get(name, 0.0), abs(value))
    return found
