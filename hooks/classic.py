"""The site's scripts as one classic script: browsers load no modules from a disk.

A module may import and export in these ways alone, each at the beginning of a line, and its imports lie beside it:

    import "./name.js";                       export function name(
    import { a, b } from "./name.js";         export async function name(
    import * as name from "./name.js";        export const name =
    await import("./name.js")                 export class name

Anything else is an error that names the line. Comments and texts are left alone if no line of them begins like that.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping

from hooks.problem import BookError, Problem

STATIC = re.compile(r"""^import\s+(?:(?:\{(?P<names>[^{}]*)\}|\*\s+as\s+(?P<all>\w+))\s+from\s+)?["'](?P<file>\./[\w./-]+)["'];?[ \t]*$""", re.MULTILINE)
EXPORT = re.compile(r"^export\s+(?P<kind>(?:async\s+)?function\*?|const|class)\s+(?P<name>\w+)", re.MULTILINE)
DYNAMIC = re.compile(r"""\bimport\(\s*["'](?P<file>\./[\w./-]+)["']\s*\)""")
META = re.compile(r"\bimport\.meta\.url\b")
LEFT = re.compile(r"^(?:import\b(?!\s*\()|export\b)", re.MULTILINE)
LOADER = """\
"use strict";
// Made by `python -m hooks offline` of the modules below: a browser loads no modules from a disk.
(() => {
  const site = new URL(".", document.currentScript.src).href;
  const made = {}, make = {};
  const load = (name) => (made[name] ??= make[name](site + name));
"""
TAIL = "  load(%s).catch((error) => console.error(error));\n})();\n"


def script(entry: str, modules: Mapping[str, str]) -> str:
    """One script that does what the module `entry` does; `modules` are their texts by their names in the site.

    A module is made when it is asked for first, and each but once: as by a browser.
    """
    wanted, done = [entry], dict[str, str]()
    while wanted:
        name = wanted.pop(0)
        if name in done:
            continue
        done[name], needs = _wrapped(name, modules)
        wanted += needs
    return LOADER + "".join(done.values()) + TAIL % json.dumps(entry)


def _wrapped(name: str, modules: Mapping[str, str]) -> tuple[str, list[str]]:
    """A module as a function that gives what it exports, and the modules that it needs."""
    text, needs = modules[name], list[str]()

    def beside(match: re.Match[str]) -> str:
        file = posixpath.normpath(posixpath.join(posixpath.dirname(name), match["file"]))
        if file not in modules:
            raise _refused(name, text, match.start(), f"{match['file']} is not in the site.", "Mend the address.")
        needs.append(file)
        return f"load({json.dumps(file)})"

    def static(match: re.Match[str]) -> str:
        loaded = f"await {beside(match)};"
        if match["names"] is not None:
            return f"const {{ {re.sub(r' as ', ': ', match['names'].strip())} }} = {loaded}"
        return f"const {match['all']} = {loaded}" if match["all"] else loaded

    exported = [match["name"] for match in EXPORT.finditer(text)]
    body = DYNAMIC.sub(beside, STATIC.sub(static, EXPORT.sub(r"\g<kind> \g<name>", text)))
    if left := LEFT.search(body):
        raise _refused(name, body, left.start(), "this import or export cannot be made classic.", "Write it in one of the ways that hooks/classic.py lists.")
    body = META.sub("address", body)
    return f"  make[{json.dumps(name)}] = async (address) => {{\n{body}\n  return {{ {', '.join(exported)} }};\n  }};\n", needs


def _refused(name: str, text: str, at: int, message: str, mend: str) -> BookError:
    return BookError([Problem(name, 1 + text.count("\n", 0, at), message, mend)])
