"""A section as a row of cells, for notebooks and scripts: Markdown that stands by itself, and blocks, in their order.

What only the site knows is told in words: values as recorded, numbers of equations, references, citations. A block
divides what it stands in, a note or an item of a list, since it must be a cell; solutions alone are no cells, for each
runs in a copy of the finished section.
"""

from __future__ import annotations

import mimetypes
import posixpath
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from hooks import titles
from hooks.links import ELSEWHERE
from hooks.marks import Block, Caption, Heading, Mark
from hooks.wording import Telling, front, picture, solved, word

WORD = re.compile("\ue000([0-9]+)\ue001")
BLOCK = re.compile("(?P<indent> *)\ue002(?P<index>[0-9]+)\ue003")
FENCE = re.compile(r"[ >]*(?P<fence>`{3,}|~{3,})")
CONTAINER = re.compile(r'(?P<indent> *)(?P<mark>!!!|\?\?\?\+?)[ \t]*(?P<kind>[\w-]*)[^"]*(?:"(?P<title>.*)")?[ \t]*\Z')
CODE = r"(?P<code>^[ >]*(?P<fence>`{3,}|~{3,}).*?^[ >]*(?P=fence)[ \t]*$|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|\\.)"
DOLLAR = re.compile(CODE + r"|\$", re.DOTALL | re.MULTILINE)
LINK = re.compile(CODE + r"|(?P<image>!?)\[(?P<text>[^\[\]]*)\]\((?P<to>[^()\s]+)\)", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"(?<!\\)%[^\n]*")

Part = str | Block


def cells(told: Telling) -> list[Part]:
    """Title and front matter first, always one text; then the section."""
    return _Cells(told).run()


class _Cells:
    def __init__(self, told: Telling) -> None:
        self.told, self.section = told, told.section
        self.words: list[str] = []

    def run(self) -> list[Part]:
        text = self.section.text
        title = next((h for h in self.section.every(Heading) if h.level == 1), None)
        # Marks in the title have their tokens there, and those before it do not exist: it comes first.
        begin = title.end if title else self.section.body
        lines = self.text(self.section.body, begin).strip()
        head = "\n\n".join(filter(None, [lines, *front(self.told)]))
        parts: list[Part] = [head]
        for part in self.parts(self.text(begin, len(text)).split("\n")):
            before = parts[-1]
            if len(parts) > 1 and isinstance(part, str) and isinstance(before, str):
                parts[-1] = f"{before}\n\n{part}"
            else:
                parts.append(part)
        return [part if isinstance(part, Block) else self.filled(part) for part in parts]

    # The text, with tokens for its marks

    def text(self, start: int, end: int) -> str:
        edits = sorted(edit for mark in self.section.marks if start <= mark.start < end for edit in self.edits(mark))
        return _edited(self.section.text[:end], edits, start)

    def edits(self, mark: Mark) -> Iterator[tuple[int, int, str]]:
        text = self.section.text
        if isinstance(mark, Heading):
            begin = text.index(mark.text, mark.start)
            end = begin + len(titles.bare(mark.text))
            if mark.level == 1 and self.told.entry.number:
                yield begin, begin, self.token(f"{self.told.entry.number} ")
            yield end, mark.end, ""
        elif isinstance(mark, Caption):
            at = text.index(": ", mark.start)
            yield at, at + 2, f"**Table {self.told.context.refs.number(mark.label)}.** "
            yield at + 2 + len(mark.text), mark.end, ""
        elif isinstance(mark, Block):
            index = self.section.blocks.index(mark)
            yield mark.start, mark.end, f"\n{' ' * mark.indent}\ue002{index}\ue003\n"
        else:
            yield mark.start, mark.end, self.token(word(self.told, mark))

    def token(self, word: str) -> str:
        self.words.append(word)
        return f"\ue000{len(self.words) - 1}\ue001"

    # Its lines

    def parts(self, lines: list[str]) -> list[Part]:
        """Lines of Markdown, divided at the blocks."""
        found: list[Part] = []
        text: list[str] = []
        fence = ""
        at = 0

        def flush() -> None:
            if any(line.strip() for line in text):
                found.append("\n".join(text).strip("\n"))
            text.clear()

        while at < len(lines):
            line = lines[at]
            at += 1
            if match := FENCE.match(line):
                fence = "" if fence and match["fence"].startswith(fence) else fence or match["fence"]
            if fence or match:
                text.append(line)
            elif match := BLOCK.fullmatch(line):
                block, indent = self.section.blocks[int(match["index"])], match["indent"]
                if block.solution:
                    text += ["", *(indent + inside if inside else "" for inside in solved(self.told, block).split("\n")), *(indent + inside for inside in self.caption(block)), ""]
                    continue
                flush()
                found.append(block)
                rest = []
                while indent and at < len(lines) and (not lines[at].strip() or lines[at].startswith(indent)):
                    rest.append(lines[at][len(indent) :])
                    at += 1
                text += self.caption(block)
                if rest:
                    text += [""]
                    inside = self.parts(rest)
                    if inside and isinstance(inside[0], str):
                        text += inside.pop(0).split("\n")  # type: ignore[union-attr]
                    if inside:
                        flush()
                        found += inside
            elif match := CONTAINER.fullmatch(line):
                indent = match["indent"]
                rest = []
                while at < len(lines) and (not lines[at].strip() or lines[at].startswith(indent + "    ")):
                    rest.append(lines[at][len(indent) + 4 :])
                    at += 1
                first, *others = self.container(match, self.parts(rest)) or [""]
                if isinstance(first, str):
                    text += ["", *(indent * (not others) + inside if inside else "" for inside in first.split("\n")), ""]
                    first = ""
                if others or first:
                    flush()
                    found += [part for part in (first, *others) if part]
            else:
                text.append(line)
        flush()
        return found

    def container(self, match: re.Match[str], parts: list[Part]) -> list[Part]:
        """A note, a question, a solution: folded if it may be and holds no cell, else a quotation around its cells."""
        solution = match["kind"].lower() == "solution"
        if solution and not self.told.solutions:
            return []
        title = match["title"] if match["title"] is not None else match["kind"].capitalize()
        title = f"Solution {title}".strip() if solution else title
        whole = all(isinstance(part, str) for part in parts)
        if match["mark"] != "!!!" and self.told.folds and whole:
            body = "\n\n".join(part for part in parts if isinstance(part, str))
            return [f"<details>\n<summary>{titles.html(title)}</summary>\n\n{body}\n\n</details>"]
        said = [_quoted(part) if isinstance(part, str) else part for part in parts]
        head = _quoted(f"**{title}**") if title else ""
        if said and isinstance(said[0], str):
            said[0] = f"{head}\n>\n{said[0]}" if head else said[0]
        elif head:
            said.insert(0, head)
        return said

    def caption(self, block: Block) -> list[str]:
        """What stands below a figure."""
        options = block.options
        if not (options.label or options.caption):
            return []
        edits = [(m.start, m.end, self.token(word(self.told, m))) for m in block.caption]
        number = self.told.context.refs.number(options.label) if options.label else ""
        lead = f"**Figure {number}.** " if number else ""
        return ["", lead + _edited(options.caption, sorted(edits)), ""]

    # What is left

    def filled(self, text: str) -> str:
        """A text with its words in the tokens' places; a dollar sign that is none of ours opens no formula."""
        text = LINK.sub(self.linked, DOLLAR.sub(lambda m: m["code"] or r"\$", text))

        def place(match: re.Match[str]) -> str:
            word = self.words[int(match[1])]
            alone = match.start() in (0, text.rfind("\n", 0, match.start()) + 1)
            return word if alone or "\n" not in word else " ".join(COMMENT.sub("", word).split())

        return re.sub(r"\n{3,}", "\n\n", WORD.sub(place, text)).strip("\n")

    def linked(self, match: re.Match[str]) -> str:
        """A relative link of the section: to the page on the site, or no link. A picture is put into the notebook."""
        if match["code"] or (ELSEWHERE.match(match["to"]) and not match["to"].startswith("#")):
            return match[0]
        path, _, anchor = unquote(match["to"]).partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(self.section.file), path))
        if match["image"]:
            shown = self.told.context.root / file
            mime = mimetypes.guess_type(file)[0] or "image/png"
            return picture(shown.read_bytes(), mime, match["text"]) if shown.is_file() else match["text"]
        other = self.told.context.refs.outline.by_file.get(file)
        href = other.href if other else self.told.entry.href + posixpath.basename(path)
        return self.told.link(match["text"], href + (f"#{anchor}" if anchor else ""))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _edited(text: str, edits: Iterable[tuple[int, int, str]], start: int = 0) -> str:
    parts = []
    for begin, end, new in edits:
        parts += [text[start:begin], new]
        start = end
    return "".join(parts) + text[start:]
