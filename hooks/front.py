"""Front matter: what a section says of itself before it begins. The list of fields is closed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import yaml

FRONT = re.compile(r"---[ \t]*\n(?P<yaml>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
FIELDS = ("stars", "needs", "able", "redirect_from", "gpus", "long", "smoke", "alone")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]*\Z")

Complain = Callable[[int, str, str], None]  # line, message, mend


@dataclass(frozen=True)
class Front:
    stars: int = 0  # 1 to 3; 0: not said
    needs: tuple[str, ...] = ()  # slugs of sections
    able: tuple[str, ...] = ()  # what a reader can do afterwards
    redirect_from: tuple[str, ...] = ()
    gpus: int = 0  # on how many it is recorded
    long: bool = False  # it takes minutes
    smoke: tuple[tuple[str, Any], ...] = ()  # name -> what stands for its literal in a smoke run
    alone: bool = False  # no other section runs beside it
    lines: tuple[tuple[str, int], ...] = ()  # where each field stands

    @property
    def once(self) -> bool:
        """Whether the section is recorded where somebody asks for it by name, and replayed everywhere else."""
        return bool(self.gpus or self.long)

    def line(self, field: str) -> int:
        return dict(self.lines).get(field, 1)


def parse(text: str, complain: Complain, above: int = 0) -> tuple[Front, int]:
    """The front matter of a section's text, and the offset behind it. So many lines of the file stand above it."""
    if above:
        front, end = parse(text, lambda line, message, mend: complain(line + above, message, mend))
        return replace(front, lines=tuple((name, line + above) for name, line in front.lines)), end
    if not re.match(r"---[ \t]*\n", text):
        if late := re.match(r"\s*\n(?=---[ \t]*\n)", text):
            line = late[0].count("\n") + 1
            complain(line, "the front matter does not begin on the first line.", "Take out what is above it.")
        return Front(), 0
    match = FRONT.match(text)
    if match is None:
        complain(1, "the front matter is not closed.", "End it with a line `---`.")
        title = re.search(r"^#[ \t]", text, re.MULTILINE)  # what follows is read all the same
        return Front(), title.start() if title else len(text)
    try:
        tree = yaml.compose(match["yaml"], Loader=yaml.SafeLoader)
        data = yaml.safe_load(match["yaml"])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "not YAML"
        complain(2 + (mark.line if mark else 0), f"the front matter cannot be read: {reason}.", "Mend the YAML.")
        return Front(), match.end()
    if data is None:
        return Front(), match.end()
    if not isinstance(data, dict) or not isinstance(tree, yaml.MappingNode):
        complain(2, "the front matter is not a list of fields.", "Write `stars: 1`, one field a line.")
        return Front(), match.end()
    lines: dict[str, int] = {}
    for key, _ in tree.value:
        line = key.start_mark.line + 2  # from 0, and behind the opening line
        if lines.setdefault(str(key.value), line) != line:
            complain(line, f"the field `{key.value}` stands twice.", "Keep one.")
    fields: dict[str, Any] = {}
    for name, value in data.items():
        if name not in FIELDS:
            known = ", ".join(f"`{f}`" for f in FIELDS)
            line = lines.get(str(name), 2)
            complain(line, f"unknown field `{name}` in the front matter.", f"The fields are {known}.")
        else:
            fields[name] = _read(name, value, partial(complain, lines[name]))
    front = Front(**fields, lines=tuple(lines.items()))
    if "smoke" in fields and not {"gpus", "long"} & set(data):
        complain(front.line("smoke"), "`smoke` goes with `gpus` or `long`.", "Take it out: this section is run as it is.")
    if front.once and "smoke" not in data:
        field = "gpus" if front.gpus else "long"
        complain(front.line(field), f"`{field}` goes with `smoke`.", "Say what makes it short: `smoke: {steps: 2}`; `smoke: {}` if nothing must.")
    return front, match.end()


def _literal(value: Any) -> bool:
    """Whether Python can say it in one literal: a number, a text, a list of such."""
    if isinstance(value, list):
        return all(map(_literal, value))
    return isinstance(value, (int, str)) or (isinstance(value, float) and math.isfinite(value))


def _read(name: str, value: Any, complain: Callable[[str, str], None]) -> Any:
    if name == "stars":
        if type(value) is not int or value not in (1, 2, 3):
            mend = "1: school calculus; 2: needs Part I; 3: a proof or a weekend."
            complain(f"`stars: {value}` is not 1, 2 or 3.", mend)
            return 0
        return value
    if name == "gpus":
        if type(value) is not int or value < 1:
            complain(f"`gpus: {value}` is not a whole number above zero.", "Write how many it takes: `gpus: 2`.")
            return 0
        return value
    if name in ("long", "alone"):
        if value is not True:
            complain(f"`{name}: {value}` is not `true`.", "Write `true`, or take it out.")
        return value is True
    if name == "smoke":
        if not isinstance(value, dict) or not all(str(key).isidentifier() and _literal(item) for key, item in value.items()):
            complain("`smoke` is not a list of names and their values.", "Write `smoke: {steps: 2}`.")
            return ()
        return tuple((str(key), item) for key, item in value.items())
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        complain(f"`{name}` is not a list of texts.", f"Write `{name}: [one, another]`.")
        return ()
    if name == "needs":
        for item in value:
            if not SLUG.match(item):
                complain(f"`{item}` in `needs` is not a section's slug.", "Write the file's name without `.md`.")
    return tuple(value)
