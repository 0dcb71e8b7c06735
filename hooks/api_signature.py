"""What griffe has found of one thing: how it is written, and the parts of its docstring."""

from __future__ import annotations

from typing import Any

from hooks.api_surface import Part

SHORT = 76  # columns of a signature on one line


def signature(found: Any, kind: str) -> str:
    """What is written to use it, as code."""
    if kind in ("attribute", "property"):
        type_ = getattr(found, "annotation", None) or getattr(found, "returns", None)
        value = str(found.value) if kind == "attribute" and found.value is not None else ""
        return str(found.name) + (f": {type_}" if type_ else "") + (f" = {value}" if value and len(value) < SHORT and not found.parent.is_class else "")
    parts: list[str] = []
    before = ""
    for parameter in found.parameters:
        order = parameter.kind.name if parameter.kind else ""
        if not parts and parameter.name in ("self", "cls") and (kind != "function"):
            continue
        if before == "positional_only" and order != before:
            parts.append("/")
        if order == "keyword_only" and before not in ("keyword_only", "var_positional"):
            parts.append("*")
        before = order
        star = {"var_positional": "*", "var_keyword": "**"}.get(order, "")
        given = f" = {parameter.default}" if parameter.annotation else f"={parameter.default}"
        default = given if parameter.default is not None and not star else ""
        parts.append(f"{star}{parameter.name}" + (f": {parameter.annotation}" if parameter.annotation else "") + default)
    if before == "positional_only":
        parts.append("/")
    head = f"class {found.name}" if kind == "class" else f"def {found.name}"
    tail = f" -> {found.returns}" if kind != "class" and found.returns else ""
    line = f"{head}({', '.join(parts)}){tail}"
    return line if len(line) <= SHORT else head + "(\n" + "".join(f"    {part},\n" for part in parts) + ")" + tail


def doc(found: Any) -> tuple[Part, ...]:
    import griffe

    if found.docstring is None:
        return ()
    return tuple(_part(section) for section in griffe.parse_google(found.docstring, warnings=False, warn_unknown_params=False, warn_missing_types=False))


def _part(section: Any) -> Part:
    kind, value = section.kind.value, section.value
    if isinstance(value, str):
        return Part("text", value)
    if kind == "admonition":
        return Part("note", value.description, section.title or value.kind)
    items = []
    for item in value:
        if isinstance(item, tuple):  # examples: what it is, its text
            items.append(("", "", item[1]))
        else:
            items.append((getattr(item, "name", "") or "", str(item.annotation or ""), item.description))
    return Part(kind, "", section.title or "", tuple(items))
