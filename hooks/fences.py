"""Fences: which lines open a block of Python, which misspell one, where each ends, and what it holds."""

from __future__ import annotations

import ast
import re
import warnings

from hooks import commands, options, prose
from hooks.containers import Containers
from hooks.lines import Lines
from hooks.marks import Block

FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}(?=[^`]*\Z)|~{3,})(?P<info>.*)\Z")
TICKED = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,})(?!.*(?P=fence))(?P<info>[^`]*\{.*)\Z")  # no CommonMark
BEHIND = re.compile(r"(?P<before>[^`]*?)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*|(?!.*(?P=fence))[^`]*\{.*)\Z")
LISTED = re.compile(r"\s*(?:(?:[-+*]|\d+[.)])[ \t]+)+\Z")
EXACT = re.compile(r"python(?:[ \t]*\{(?:[^{}\"'`]|\"(?:\\.|[^\"\\`])*\"|'[^'`]*')*\})?[ \t]*\Z")
PYTHON = re.compile(r"[ij]?py(?:thon)?[iw]?\d*|i?py(?:thon)?con(?:sole)?\d*|doctest|numpy|pyodide", re.IGNORECASE)
MAGIC = re.compile(r"\s*(?:[\w, ]+=\s*)?[%!?]|.*\?\s*\Z")
RIGHT = "Write ```` ```python ```` or ```` ```python {...} ```` on a line of its own."


def opened(line: str) -> re.Match[str] | None:
    """The fence that this line opens: one of CommonMark's, or one of Python's that is spoilt by a backtick."""
    if fence := FENCE.match(line):
        return fence
    ticked = TICKED.match(line)
    return ticked if ticked and language(ticked) else None


def language(fence: re.Match[str]) -> str:
    """'python' or 'console' for what runs, 'wrong' for a misspelling of them, '' for what is only shown."""
    info = fence["info"]
    if fence["fence"][0] == "`" and EXACT.match(info):
        return "python"
    if fence["fence"][0] == "`" and re.match(r"console[ \t]*\{.*\}[ \t]*\Z", info):
        return "console"
    words = re.split(r"[\W_]+", re.sub(r"=\s*(?:\"[^\"]*\"|'[^']*'|[^\s}]+)", " ", info).lower())
    wrong = any(PYTHON.fullmatch(word) for word in words) or ("console" in words and info.strip() != "console")
    return "wrong" if wrong else ""


def hidden(line: str) -> bool:
    """Whether a block of Python is opened on this line, behind whatever else."""
    fence = BEHIND.match(line)
    return bool(fence and language(fence))


def stray(lines: Lines, number: int) -> None:
    """Complain of a fence that stands behind something on a line of prose."""
    line = lines[number]
    if hidden(line):
        lines.complain(number + 1, "a block of Python stands in a quotation or behind other text.", RIGHT)
    elif (behind := BEHIND.match(line)) and LISTED.match(behind["before"]):
        mend = "Write it on a line of its own, indented by 4 spaces."
        lines.complain(number + 1, "a fence stands behind a list's mark.", mend)


def read(lines: Lines, number: int, match: re.Match[str], containers: Containers) -> tuple[int, Block | None]:
    """One fenced block, from its opening line: the number of the line behind it, and the block if it is one."""
    indent = len(match["indent"].expandtabs(4))
    found = language(match)
    close = re.compile(rf"(?P<indent>[ \t]*){match['fence'][0]}{{{len(match['fence'])},}}[ \t]*\Z")
    last = number + 1
    while last < len(lines) and not (closing := close.match(lines[last])):
        last += 1
    sound = _inside(lines, number, last, indent, match)
    if last == len(lines):
        lines.complain(number + 1, "the fence is not closed.", f"Close it with ```` {match['fence']} ````.")
        return last, None
    if closing and closing["indent"] != match["indent"]:
        lines.complain(last + 1, "the fence is closed at another indent than it is opened.", "Indent both alike.")
    if "`" in match["info"]:
        lines.complain(number + 1, "a backtick stands behind the fence.", "Leave it out of the block's options.")
    elif found == "wrong":
        shown = f"{match['fence']}{match['info']}"
        console = match["info"].lower().lstrip(" \t{.").startswith("console")
        right = "Write ```` ```console ````, or ```` ```console {.run} ```` for commands that run." if console else RIGHT
        lines.complain(number + 1, f"```` {shown} ```` is not how a block is opened.", right)
    elif found:
        return last + 1, _block(lines, number, last, indent, match, containers, sound)
    return last + 1, None


def _inside(lines: Lines, number: int, last: int, indent: int, match: re.Match[str]) -> bool:
    """Whether what stands inside a fence leaves no doubt about where it ends."""
    if "\t" in match["indent"]:
        lines.complain(number + 1, "the fence is indented by a tab.", "Indent by spaces.")
        return False
    for here in range(number + 1, last):
        line = lines[here]
        if line.strip() and line[:indent].strip(" "):
            lines.complain(here + 1, "the line is indented less than its fence.", f"Indent it by {indent} spaces.")
            return False
        fence = FENCE.match(line)
        if fence and language(fence) and len(fence["fence"]) >= len(match["fence"]):
            mend = "Close that one first; or make it longer, if it shows this one."
            lines.complain(here + 1, f"a block is opened inside the fence of line {number + 1}.", mend)
            return False
    return True


def _block(
    lines: Lines, number: int, last: int, indent: int, match: re.Match[str], containers: Containers, sound: bool
) -> Block | None:
    word = language(match)
    asked = options.parse(match["info"].removeprefix(word).strip()[1:-1], console=word == "console")
    for message, mend in asked.problems:
        lines.complain(number + 1, message, mend)
    if word == "console" and not asked.run:
        if not asked.problems:
            lines.complain(number + 1, "empty braces stand on a console block.", "Write ```` ```console {.run} ````, or ```` ```console ````.")
        return None
    if indent != containers.indent and "\t" not in match["indent"]:
        mend = f"Here it stands at {containers.indent}."
        lines.complain(number + 1, f"the fence is indented by {indent} spaces.", mend)
    source = "".join(line[indent:] or "\n" for line in lines.whole[number + 1 : last])
    caption = prose.scan(
        asked.caption,
        0,
        len(asked.caption),
        lambda _: number + 1,
        lambda _, message, mend: lines.complain(number + 1, message, mend),
    )
    place = (lines.offsets[number], lines.end(last), number + 1)
    block = Block(*place, "", source, indent, asked, containers.solution, tuple(caption))
    if block.kind == "console":
        for line, message, mend in commands.problems(source):
            lines.complain(number + 1 + line, message, mend)
    elif block.executed:
        if sound:
            _syntax(lines, block)
    elif asked.source and source.strip():
        message = "a block with `source=` shows the library's code; it has none of its own."
        lines.complain(number + 2, message, "Empty it.")
    return block


def _syntax(lines: Lines, block: Block) -> None:
    """What Python says of a block, without running it."""
    if not block.source.strip():
        lines.complain(block.line, "the block is empty.", "Fill it or take it out.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning is shown where the block runs
            flags = 0 if block.kind == "file" else ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # a file is a program
            compile(block.source, lines.file, "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        code = block.source.split("\n")
        line = min(getattr(error, "lineno", None) or 1, max(len(code) - 1, 1))
        shown = code[line - 1]
        if MAGIC.match(shown):
            message = f"`{shown.strip()}` is a command of Jupyter, not Python."
            lines.complain(block.line + line, message, "Write it in Python.")
        else:
            reason = getattr(error, "msg", None) or str(error)
            lines.complain(block.line + line, f"the block is not Python: {reason}.", "Mend it.", detail=shown)
