"""Front matter: what a section says of itself before it begins. The list of fields is closed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

FRONT = re.compile(r"---[ \t]*\n(?P<yaml>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
FIELDS = ("stars", "needs", "able", "redirect_from")
LATER = ("gpus", "long", "smoke", "alone")  # in the grammar, not in this version of the machine
SLUG = re.compile(r"[a-z0-9][a-z0-9-]*\Z")

Complain = Callable[[int, str, str], None]  # line, message, mend


@dataclass(frozen=True)
class Front:
    stars: int = 0  # 1 to 3; 0: not said
    needs: tuple[str, ...] = ()  # slugs of sections
    able: tuple[str, ...] = ()  # what a reader can do afterwards
    redirect_from: tuple[str, ...] = ()
    lines: tuple[tuple[str, int], ...] = ()  # where each field stands

    def line(self, field: str) -> int:
        return dict(self.lines).get(field, 1)


def parse(text: str, complain: Complain) -> tuple[Front, int]:
    """The front matter of a section's text, and the offset behind it."""
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
        if name in LATER:
            complain(lines[str(name)], f"the field `{name}` is not supported yet.", "Take it out.")
        elif name not in FIELDS:
            known = ", ".join(f"`{f}`" for f in FIELDS)
            line = lines.get(str(name), 2)
            complain(line, f"unknown field `{name}` in the front matter.", f"The fields are {known}.")
        else:
            fields[name] = _read(name, value, partial(complain, lines[name]))
    return Front(**fields, lines=tuple(lines.items())), match.end()


def _read(name: str, value: Any, complain: Callable[[str, str], None]) -> Any:
    if name == "stars":
        if type(value) is not int or value not in (1, 2, 3):
            mend = "1: school calculus; 2: needs Part I; 3: a proof or a weekend."
            complain(f"`stars: {value}` is not 1, 2 or 3.", mend)
            return 0
        return value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        complain(f"`{name}` is not a list of texts.", f"Write `{name}: [one, another]`.")
        return ()
    if name == "needs":
        for item in value:
            if not SLUG.match(item):
                complain(f"`{item}` in `needs` is not a section's slug.", "Write the file's name without `.md`.")
    return tuple(value)
