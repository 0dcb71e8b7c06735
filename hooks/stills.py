"""The still of a chart: an SVG that stands in the page from the start, and is all there is of it on paper.

vl-convert draws it, in a process of its own: it brings a whole JavaScript engine with threads, beside which nothing may
fork. `python -m hooks.stills` reads charts, a JSON list, and writes their stills, or why there is none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hooks import live
from hooks.records import Cell, Output

SECONDS = 120


class Undrawn(Exception):
    """A chart that cannot be drawn: the cell, and why."""


def added(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells, each chart with its still. Raises Undrawn."""
    wanted = [(cell.name, output) for cell in cells for output in cell.outputs if lacking(output)]
    if not wanted:
        return tuple(cells)
    made = dict(zip(((name, output.content) for name, output in wanted), _drawn(wanted), strict=True))
    return tuple(replace(cell, outputs=tuple(replace(o, still=made[cell.name, o.content]) if lacking(o) else o for o in cell.outputs)) for cell in cells)


def lacking(output: Output) -> bool:
    return bool(live.MIME.match(output.mime)) and not output.still


def _drawn(wanted: Sequence[tuple[str, Output]]) -> list[bytes]:
    asked = json.dumps([json.loads(output.content) for _, output in wanted])
    command = [sys.executable, "-m", "hooks.stills"]
    try:
        done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=SECONDS, env=_environment())
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Undrawn(wanted[0][0], str(error)) from None
    if done.returncode:
        raise Undrawn(wanted[0][0], done.stderr.strip().rpartition("\n")[2])
    answers = json.loads(done.stdout)
    for (cell, _), answer in zip(wanted, answers, strict=True):
        if "error" in answer:
            raise Undrawn(cell, answer["error"])
    return [answer["svg"].encode() for answer in answers]


def _environment() -> dict[str, str]:
    """One in which this module is found, wherever the book is."""
    root = str(Path(__file__).resolve().parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))}


def main() -> None:
    import vl_convert

    answers = []
    for spec in json.load(sys.stdin):
        try:
            answers.append({"svg": vl_convert.vegalite_to_svg(spec, vl_version=vl_convert.get_vegalite_versions()[-1], allowed_base_urls=[])})
        except ValueError as error:
            answers.append({"error": str(error).partition("\n")[0]})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
