"""A chart's place in the page: its still, and native controls, which a script wakes when the chart comes into sight.

All stands in the page from the start, so nothing moves when the chart comes alive, and nothing is missing without scripts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hooks import sanitize
from hooks.live import parts


def place(content: bytes, still: str, alt: str) -> str:
    """The chart in a page: the still, the controls that a script will wake, and what that script needs."""
    spec = json.loads(content)
    controls = [_control(part) for part in parts(spec) if isinstance(part, Mapping) and isinstance(part.get("bind"), Mapping)]
    spec.pop("$schema", None)
    bare = json.dumps(_unbound(spec), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    below = f'<div class="controls" data-pagefind-ignore>{"".join(controls)}</div>' if controls else ""
    return (
        f'<div class="live" data-alt="{sanitize.attribute(alt)}"><div class="stage"><div class="still">{still}</div></div>{below}'
        f'<script type="application/json">{sanitize.private(bare)}</script></div>'
    )


def _unbound(value: Any) -> Any:
    """The chart without its controls, which are the page's own."""
    if isinstance(value, Mapping):
        return {name: _unbound(inside) for name, inside in value.items() if not (name == "bind" and isinstance(inside, Mapping))}
    return [_unbound(inside) for inside in value] if isinstance(value, list) else value


def _control(param: Mapping[str, Any]) -> str:
    bind, name = param["bind"], sanitize.attribute(str(param["name"]))
    label = f'<span class="name">{sanitize.text(str(bind.get("name") or param["name"]).strip())}</span>'
    value = param.get("value")
    if bind["input"] == "checkbox":
        return f'<label class="check"><input type="checkbox" name="{name}" autocomplete="off"{" checked" if value else ""}>{label}</label>'
    if bind["input"] == "select":
        labels = bind.get("labels") or bind["options"]
        pairs = enumerate(zip(bind["options"], labels, strict=True))
        options = "".join(
            f"<option value='{sanitize.attribute(json.dumps(option))}'{' selected' if option == value or (value is None and not at) else ''}>{sanitize.text(str(shown))}</option>"
            for at, (option, shown) in pairs
        )
        return f'<label>{label}<select name="{name}" autocomplete="off">{options}</select></label>'
    low, high = bind["min"], bind["max"]
    step = bind.get("step") or (high - low) / 100
    shown = f"{value:.{decimals(step)}f}".replace("-", "\u2212")
    sides = f'min="{low:g}" max="{high:g}" step="{step:g}" value="{value:g}"'
    return f'<label>{label}<input type="range" name="{name}" {sides} autocomplete="off"><span class="value" aria-hidden="true">{shown}</span></label>'


def decimals(step: float) -> int:
    """Those that a slider's value is shown with.

    >>> decimals(0.05), decimals(1), decimals(20)
    (2, 0, 0)
    """
    return len(f"{step:f}".rstrip("0").partition(".")[2])
