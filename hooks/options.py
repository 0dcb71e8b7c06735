"""Options of a block: the closed list of what may stand in the braces behind ```` ```python ````."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""\s*(?: \#(?P<label>[^\s}]+)
             | \.(?P<flag>[\w-]+)
             | (?P<key>[\w-]+)\s*=\s*(?: "(?P<double>(?:\\.|[^"\\])*)" | '(?P<single>[^']*)' | (?P<bare>[^\s"'}]+) )
             | (?P<word>[\w-]+)
             | (?P<junk>\S+) )""",
    re.VERBOSE,
)
LABEL = re.compile(r"fig-[a-z0-9][a-z0-9-]*\Z")
FILE = re.compile(r"(?!\.\.?(?:/|\Z))[\w.+-]+(?:/(?!\.\.?(?:/|\Z))[\w.+-]+)*")

FLAGS = ("hide", "fold", "test", "static", "run")  # written `.hide`
WORDS = ("volatile",)  # written `volatile`
KEYS = ("caption", "raises", "timeout", "tolerance", "source", "file", "why")  # written `caption="..."`
EXCLUSIVE = (("static", "test"), ("static", "raises"), ("test", "hide"), ("test", "raises"), ("source", "test"))
# A file is written, not run: what a block shows, claims or takes is not for it.
NOT_FILES = ("test", "raises", "source", "static", "label", "caption", "timeout", "tolerance", "volatile")
CONSOLE = ("run", "hide", "fold", "timeout", "tolerance", "volatile")  # what may stand on commands


@dataclass(frozen=True)
class Options:
    """What one block asks for; the defaults are a plain block."""

    label: str = ""
    caption: str = ""
    hide: bool = False
    fold: bool = False
    test: bool = False
    static: bool = False
    why: str = ""
    volatile: bool = False
    raises: str = ""
    timeout: float | None = None
    tolerance: float | None = None
    source: str = ""
    file: str = ""
    run: bool = False
    problems: tuple[tuple[str, str], ...] = field(default=(), compare=False)  # (message, mend)


def parse(text: str, console: bool = False) -> Options:
    """Read the inside of the braces, of a block of Python or of one of commands.

    >>> parse('#fig-rain caption="Rain in March" .fold timeout=5')
    Options(label='fig-rain', caption='Rain in March', hide=False, fold=True, test=False, static=False, \
why='', volatile=False, raises='', timeout=5.0, tolerance=None, source='', file='', run=False, problems=())
    >>> print(parse(r'caption="A rate $\\eta$ called \\"small\\""').caption)
    A rate $\\eta$ called "small"
    >>> parse(".tset").problems
    (('unknown option `.tset`.', 'Did you mean `.test`?'),)
    """
    found: dict[str, object] = {}
    problems: list[tuple[str, str]] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            break
        position = match.end()
        name, value, trouble = _one(match)
        if trouble:
            problems.append(trouble)
        elif name in found:
            problems.append((f"the option `{name}` stands twice.", "Keep one."))
        else:
            found[name] = value
    problems += _commands(found) if console else _together(found)
    return Options(**found, problems=tuple(problems))  # type: ignore[arg-type]


def _one(match: re.Match[str]) -> tuple[str, object, tuple[str, str] | None]:
    """Name and value of one option, or what is wrong with it."""
    shown = match[0].strip()
    if label := match["label"]:
        if not LABEL.match(label):
            mend = "A block's label names its figure: `#fig-` and lower-case letters, digits, hyphens."
            return "", None, (f"the label `#{label}` cannot stand on a block.", mend)
        return "label", label, None
    if flag := match["flag"]:
        if flag in FLAGS:
            return flag, True, None
    if (word := match["word"]) in WORDS:
        return word, True, None
    if key := match["key"]:
        # Only a quotation mark is escaped: TeX keeps its backslashes.
        value = match["bare"] or match["single"] or (match["double"] or "").replace('\\"', '"')
        if key in ("timeout", "tolerance"):
            try:
                number = float(value)
            except ValueError:
                number = -1.0
            if not 0 < number < float("inf"):
                return "", None, (f"`{shown}` is not a number above zero.", f"For example `{key}=10`.")
            return key, number, None
        if key == "raises" and not re.fullmatch(r"[A-Za-z_][\w.]*", value):
            return "", None, (f"`{shown}` names no exception.", "For example `raises=ValueError`.")
        if key == "file" and not FILE.fullmatch(value):
            mend = 'A path inside the scratch folder, with `/` between its parts: `file="train.py"`.'
            return "", None, (f"`{shown}` names no file that a block may write.", mend)
        if key in KEYS:
            return key, value, None
    return "", None, (f"unknown option `{shown}`.", _nearest(shown))


def _nearest(shown: str) -> str:
    known = ["." + f for f in FLAGS] + list(WORDS) + [k + "=" for k in KEYS]
    head = shown.split("=")[0] + ("=" if "=" in shown else "")
    by_name = {k.strip(".="): k for k in known}
    near = difflib.get_close_matches(head.strip(".="), by_name, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{by_name[near[0]]}`?"
    return "The options are " + ", ".join(f"`{k}`" for k in ["#fig-...", *known]) + "."


def _commands(found: dict[str, object]) -> list[tuple[str, str]]:
    """Options that a block of commands cannot have."""
    if found and "run" not in found:
        return [("only a console block that runs takes options.", "Write ```` ```console {.run} ````, or ```` ```console ````.")]
    allowed = ", ".join(f"`{name}`" for name in CONSOLE)
    return [(f"`{name}` cannot stand on a console block.", f"Its options are {allowed}.") for name in found if name not in CONSOLE]


def _together(found: dict[str, object]) -> list[tuple[str, str]]:
    """Options that make no sense beside each other."""
    problems = []
    if "static" in found and not found.get("why"):
        problems.append(("a block that is not run must say why.", 'Add `why="..."`.'))
    if "why" in found and "static" not in found:
        problems.append(("`why=` goes with `.static`.", "Drop it, or add `.static`."))
    if "run" in found:
        problems.append(("`.run` goes with commands; a block of Python runs anyway.", "Drop it, or write ```` ```console {.run} ````."))
    if "file" in found:
        problems += [(f"`{name}` and `file` exclude each other.", "A file is written, not run.") for name in found if name in NOT_FILES]
    for first, second in EXCLUSIVE:
        if first in found and second in found:
            problems.append((f"`{first}` and `{second}` exclude each other.", "Keep one."))
    return problems
