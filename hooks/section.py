"""The text of a section -> Section. There is one parser: build, tests, notebooks and PDF all read this."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from hooks import front, options, prose
from hooks.marks import Block, Caption, Formula, Heading, Mark, Value
from hooks.problem import Problem

FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}(?=[^`]*\Z)|~{3,})(?P<info>.*)\Z")
TICKED = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,})(?!.*(?P=fence))(?P<info>[^`]*\{.*)\Z")  # no CommonMark
BEHIND = re.compile(r"(?P<before>[^`]*?)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*|(?!.*(?P=fence))[^`]*\{.*)\Z")
LISTED = re.compile(r"\s*(?:(?:[-+*]|\d+[.)])[ \t]+)+\Z")
CONTAINER = re.compile(
    r"(?P<indent> *)(?:(?:!!!|\?\?\?\+?)[ \t]*(?P<kind>[\w-]*)[^\"]*(?:\"(?P<title>.*)\")?"
    r"|(?P<list>[-+*]|\d+[.)])(?:[ \t]|\Z))"
)
HEADING = re.compile(r"(?P<hashes>#{1,6})[ \t]+(?P<text>.*?)(?:[ \t]*\{#(?P<label>[^}]*)\})?[ \t]*#*\Z")
EXACT = re.compile(r"python(?:[ \t]*\{(?:[^{}\"'`]|\"(?:\\.|[^\"\\`])*\"|'[^'`]*')*\})?[ \t]*\Z")
PYTHON = re.compile(r"[ij]?py(?:thon)?[iw]?\d*|i?py(?:thon)?con(?:sole)?\d*|doctest|numpy|pyodide", re.IGNORECASE)
MAGIC = re.compile(r"\s*(?:[\w, ]+=\s*)?[%!?]|.*\?\s*\Z")
RIGHT = "Write ```` ```python ```` or ```` ```python {...} ```` on a line of its own."
TOKENS = re.compile("[\ue000-\ue00f]")  # private characters that stand for marks while Markdown is rendered

M = TypeVar("M", bound=Mark)


@dataclass(frozen=True)
class Section:
    """One Markdown file, understood: its front matter, its marks in order, what is wrong with it."""

    file: str  # relative to the book's root
    text: str
    slug: str
    front: front.Front
    marks: tuple[Mark, ...]
    body: int  # offset where the text begins, behind the front matter
    problems: tuple[Problem, ...]

    def every(self, kind: type[M]) -> tuple[M, ...]:
        """All marks of one kind, in order."""
        return tuple(mark for mark in self.marks if isinstance(mark, kind))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        return self.every(Block)

    @cached_property
    def cells(self) -> tuple[Block | Value, ...]:
        """What is executed, in the order in which it stands."""
        return tuple(m for m in self.marks if isinstance(m, Value) or (isinstance(m, Block) and m.executed))

    def marks_everywhere(self, kind: type[M]) -> tuple[M, ...]:
        """All marks of one kind, those in captions of figures too."""
        inside = [mark for block in self.blocks for mark in block.caption if isinstance(mark, kind)]
        return self.every(kind) + tuple(inside)

    @cached_property
    def title(self) -> str:
        """The text of the H1; the slug where there is none."""
        return next((h.text for h in self.every(Heading) if h.level == 1), self.slug)

    def problem(self, line: int, message: str, mend: str = "", detail: str = "") -> Problem:
        return Problem(self.file, line, message, mend, detail)


def parse(text: str, file: str, page: bool = False) -> Section:
    """Read one file of the book. Never raises: what is wrong is in `problems`, all of it at once.

    A `page` is one of the website's own: its front matter is the site generator's, its title is free.

    >>> section = parse("# Rain\\n\\n```python\\n1 + 1\\n```\\n", "book/rain.md")
    >>> section.title, section.blocks[0].source, section.problems
    ('Rain', '1 + 1\\n', ())
    """
    return _Parser(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), file, page).section()


@dataclass
class _Container:
    start: int  # indent of its first line
    indent: int  # of what stands inside
    listed: bool  # an item of a list
    solution: str


@dataclass
class _Parser:
    text: str
    file: str
    page: bool
    marks: list[Mark] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    containers: list[_Container] = field(default_factory=list)
    solutions: dict[str, int] = field(default_factory=dict)  # their names, and the line on which each begins
    inside: dict[int, str] = field(default_factory=dict)  # line number -> the solution in which it stands

    def __post_init__(self) -> None:
        self.slug = self.file.rsplit("/", 1)[-1].removesuffix(".md")
        self.lines = re.findall(r"[^\n]*\n|[^\n]+", self.text)  # splitlines would split at more than line feeds
        self.offsets = [0]
        for line in self.lines:
            self.offsets.append(self.offsets[-1] + len(line))
        self.prose_from: int | None = None

    def section(self) -> Section:
        if self.page:
            match = front.FRONT.match(self.text)
            head, body = front.Front(), match.end() if match else 0
        else:
            head, body = front.parse(self.text, self.complain)
        if token := TOKENS.search(self.text):
            message = "a private character (U+E000 to U+E00F) stands in the text."
            self.complain_at(token.start(), message, "Take it out.")
        self.body(self.line_of(body) - 1 if body < len(self.text) else len(self.lines))
        self.marks.sort(key=lambda mark: mark.start)
        self.marks = self.named(self.marks)
        self.check()
        return Section(self.file, self.text, self.slug, head, tuple(self.marks), body, tuple(sorted(self.problems)))

    def line_of(self, offset: int) -> int:
        return bisect_right(self.offsets, offset, hi=len(self.offsets) - 1)

    def complain(self, line: int, message: str, mend: str, detail: str = "") -> None:
        self.problems.append(Problem(self.file, line, message, mend, detail))

    def complain_at(self, offset: int, message: str, mend: str) -> None:
        self.complain(self.line_of(offset), message, mend)

    # Lines: fences, comments, containers, headings; the rest is prose.

    def body(self, number: int) -> None:
        while number < len(self.lines):
            line = self.lines[number].rstrip("\n")
            fence = FENCE.match(line)
            if not fence and (ticked := TICKED.match(line)) and _language(ticked):
                fence = ticked
            comment = re.match(r"\s*<!--(?!.*-->.*\S)", line)  # with text behind its end, it is a line of prose
            container, heading = CONTAINER.match(line), HEADING.match(line)
            if line.strip():
                lazy = self.prose_from is not None and self.lines[number - 1].strip()
                self.close_containers(line, bool(lazy and not (fence or comment or container or heading)))
            if fence:
                self.end_prose(number)
                number = self.fence(number, fence)
                continue
            if comment:
                self.end_prose(number)
                number = self.comment(number)
                continue
            self.inside[number + 1] = self.containers[-1].solution if self.containers else ""
            if behind := BEHIND.match(line):
                if _language(behind):
                    self.complain(number + 1, "a block of Python stands in a quotation or behind other text.", RIGHT)
                elif LISTED.match(behind["before"]):
                    mend = "Write it on a line of its own, indented by 4 spaces."
                    self.complain(number + 1, "a fence stands behind a list's mark.", mend)
            if container:
                self.open_container(number, container)
            if heading:
                self.heading(number, heading)
            if self.prose_from is None:
                self.prose_from = number
            number += 1
        self.end_prose(number)

    def end_prose(self, number: int) -> None:
        if self.prose_from is not None:
            first, self.prose_from = self.prose_from, None
            start, end = self.offsets[first], self.offsets[number]
            for mark in prose.scan(self.text, start, end, self.line_of, self.complain_at):
                if isinstance(mark, Value):
                    mark = replace(mark, solution=self.inside[mark.line])
                self.marks.append(mark)

    def open_container(self, number: int, match: re.Match[str]) -> None:
        solution = self.containers[-1].solution if self.containers else ""
        if (match["kind"] or "").lower() == "solution":
            solution = (match["title"] or "").strip() or f"on line {number + 1}"
            if not _slug(match["title"] or ""):
                self.complain(number + 1, "the solution does not say of what.", 'Write `??? solution "1"`.')
            first = self.solutions.setdefault(_slug(solution), number + 1)
            if first != number + 1:
                mend = f"Name this one otherwise, or put it into the one on line {first}."
                self.complain(number + 1, f'a solution "{solution}" stands here already.', mend)
        indent = len(match["indent"])
        self.containers.append(_Container(indent, indent + 4, bool(match["list"]), solution))

    def close_containers(self, line: str, lazy: bool) -> None:
        """Leave the containers that this line is not in. A lazy line goes on with the paragraph of a list's item."""
        width = len(line) - len(line.lstrip(" "))
        while self.containers and width < self.containers[-1].indent:
            if lazy and self.containers[-1].listed and width >= self.containers[-1].start:
                break
            self.containers.pop()

    def comment(self, number: int) -> int:
        """Pass over an HTML comment; Python hidden in it would be code that nobody runs."""
        first = number
        while number < len(self.lines):
            line = self.lines[number].rstrip("\n")
            if (fence := BEHIND.match(line)) and _language(fence):
                self.complain(number + 1, "a block of Python stands in a comment.", "Take it out, or use `.hide`.")
            if "-->" in line:
                if line.split("-->", 1)[1].strip():
                    self.complain(number + 1, "text stands behind the end of a comment.", "Put it on the next line.")
                return number + 1
            number += 1
        self.complain(first + 1, "the comment is not closed.", "Close it with `-->`.")
        return number

    def heading(self, number: int, match: re.Match[str]) -> None:
        label = match["label"] or ""
        if label.startswith(("sec-", "fig-", "eq-", "tbl-")) and not re.fullmatch(r"sec-[a-z0-9][a-z0-9-]*", label):
            mend = "Write `{#sec-name}` in lower-case letters, digits, hyphens."
            self.complain(number + 1, f"`{{#{label}}}` is not a heading's label.", mend)
        start = self.offsets[number]
        end = start + len(self.lines[number].rstrip("\n"))
        self.marks.append(Heading(start, end, number + 1, len(match["hashes"]), match["text"], label))

    def fence(self, number: int, match: re.Match[str]) -> int:
        """One fenced block, from its opening line; returns the number of the line behind it."""
        indent = len(match["indent"].expandtabs(4))
        language = _language(match)
        close = re.compile(rf"(?P<indent>[ \t]*){match['fence'][0]}{{{len(match['fence'])},}}[ \t]*\Z")
        last = number + 1
        while last < len(self.lines) and not (closing := close.match(self.lines[last].rstrip("\n"))):
            last += 1
        sound = self.inner(number, last, indent, match)
        if last == len(self.lines):
            self.complain(number + 1, "the fence is not closed.", f"Close it with `{match['fence']}`.")
            return last
        if closing and closing["indent"] != match["indent"]:
            self.complain(last + 1, "the fence is closed at another indent than it is opened.", "Indent both alike.")
        if "`" in match["info"]:
            self.complain(number + 1, "a backtick stands behind the fence.", "Leave it out of the block's options.")
        elif language == "wrong":
            shown = f"{match['fence']}{match['info']}"
            console = match["info"].lower().lstrip(" \t{.").startswith("console")
            right = "Write ```` ```console ````." if console else RIGHT
            self.complain(number + 1, f"```` {shown} ```` is not how a block is opened.", right)
        elif language:
            self.block(number, last, indent, match, language, sound)
        return last + 1

    def inner(self, number: int, last: int, indent: int, match: re.Match[str]) -> bool:
        """Whether what stands inside a fence leaves no doubt about where it ends."""
        if "\t" in match["indent"]:
            self.complain(number + 1, "the fence is indented by a tab.", "Indent by spaces.")
            return False
        for here in range(number + 1, last):
            line = self.lines[here].rstrip("\n")
            if line.strip() and line[:indent].strip(" "):
                self.complain(here + 1, "the line is indented less than its fence.", f"Indent it by {indent} spaces.")
                return False
            fence = FENCE.match(line)
            if fence and _language(fence) and len(fence["fence"]) >= len(match["fence"]):
                mend = "Close that one first; or make it longer, if it shows this one."
                self.complain(here + 1, f"a block is opened inside the fence of line {number + 1}.", mend)
                return False
        return True

    def block(self, number: int, last: int, indent: int, match: re.Match[str], language: str, sound: bool) -> None:
        opened = options.parse(match["info"].removeprefix(language).strip()[1:-1])
        for message, mend in opened.problems:
            self.complain(number + 1, message, mend)
        if language == "console":
            if not opened.problems:
                self.complain(number + 1, "a console block takes no options.", "Write ```` ```console ````.")
            return
        expected = self.containers[-1].indent if self.containers else 0
        if indent != expected and "\t" not in match["indent"]:
            self.complain(number + 1, f"the fence is indented by {indent} spaces.", f"Here it stands at {expected}.")
        source = "".join(line[indent:] or "\n" for line in self.lines[number + 1 : last])
        start, end = self.offsets[number], self.offsets[last] + len(self.lines[last].rstrip("\n"))
        solution = self.containers[-1].solution if self.containers else ""
        caption = prose.scan(
            opened.caption,
            0,
            len(opened.caption),
            lambda _: number + 1,
            lambda _, message, mend: self.complain(number + 1, message, mend),
        )
        block = Block(start, end, number + 1, "", source, indent, opened, solution, tuple(caption))
        self.marks.append(block)
        if block.executed:
            if sound:
                self.syntax(block)
        elif opened.source and block.source.strip():
            message = "a block with `source=` shows the library's code; it has none of its own."
            self.complain(number + 2, message, "Empty it.")

    def syntax(self, block: Block) -> None:
        if not block.source.strip():
            self.complain(block.line, "the block is empty.", "Fill it or take it out.")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a warning is shown where the block runs
                compile(block.source, self.file, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            lines = block.source.split("\n")
            line = min(getattr(error, "lineno", None) or 1, max(len(lines) - 1, 1))
            shown = lines[line - 1]
            if MAGIC.match(shown):
                message = f"`{shown.strip()}` is a command of Jupyter, not Python."
                self.complain(block.line + line, message, "Write it in Python.")
            else:
                reason = getattr(error, "msg", None) or str(error)
                self.complain(block.line + line, f"the block is not Python: {reason}.", "Mend it.", detail=shown)

    # What can only be said of the whole.

    def named(self, marks: list[Mark]) -> list[Mark]:
        """Blocks and values get the names under which records and tests know them."""
        counts: dict[tuple[str, str], int] = {}
        result = []
        for mark in marks:
            if isinstance(mark, (Block, Value)):
                # Blocks that do not run are counted apart: one more of them must not rename the others.
                kind = "value" if isinstance(mark, Value) else "block" if mark.executed else "shown"
                counts[mark.solution, kind] = count = counts.get((mark.solution, kind), 0) + 1
                prefix = f"solution-{_slug(mark.solution)}-" if mark.solution else ""
                mark = replace(mark, name=f"{prefix}{kind}-{count}")
            result.append(mark)
        return result

    def check(self) -> None:
        titles = [h for h in self.marks if isinstance(h, Heading) and h.level == 1]
        if not self.page:
            if len(titles) != 1:
                line = titles[1].line if titles else 1
                self.complain(line, f"a section has one title, this one has {len(titles)}.", "Write one `# Title`.")
            implied = f"sec-{self.slug}"
            if titles and titles[0].label not in ("", implied):
                mend = f"It is `{implied}`; or leave it out."
                self.complain(titles[0].line, f"the title's label is `{titles[0].label}`.", mend)
        title = titles[0] if titles and not self.page else None
        seen = {f"sec-{self.slug}": title.line} if title else {}
        for mark in self.marks:
            label = mark.options.label if isinstance(mark, Block) else getattr(mark, "label", "")
            if label and mark is not title and isinstance(mark, (Block, Formula, Heading, Caption)):
                if label in seen:
                    mend = f"It is on line {seen[label]} already."
                    self.complain(mark.line, f"the label `{label}` stands twice.", mend)
                seen.setdefault(label, mark.line)


def _language(fence: re.Match[str]) -> str:
    """'python' or 'console' for what runs, 'wrong' for a misspelling of them, '' for what is only shown."""
    info = fence["info"]
    if fence["fence"][0] == "`" and EXACT.match(info):
        return "python"
    if fence["fence"][0] == "`" and re.match(r"console[ \t]*\{.*\}[ \t]*\Z", info):
        return "console"
    words = re.split(r"[\W_]+", re.sub(r"=\s*(?:\"[^\"]*\"|'[^']*'|[^\s}]+)", " ", info).lower())
    wrong = any(PYTHON.fullmatch(word) for word in words) or ("console" in words and info.strip() != "console")
    return "wrong" if wrong else ""


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
