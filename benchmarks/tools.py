"""The tools: how each is called, what a cold build must not find, where its pages are."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field

from benchmarks import corpus, measure, peers
from benchmarks.corpus import Code, Page
from benchmarks.dialects import DIALECTS, Dialect
from benchmarks.peers import CACHE, ROOT

THREADS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SITE = "site/{folder}/{slug}/index.html"


@dataclass(frozen=True)
class Tool:
    name: str
    command: tuple[str, ...]  # behind Python
    made: tuple[str, ...]  # what a build leaves: a cold one must not find it
    page: str = SITE  # where a built page is
    runs: bool = True  # whether it executes blocks
    keeps: bool = True  # whether a second build knows of the first; where it does not, every build is a cold one
    kept: str = ""  # results that a person commits: with them there is a second kind of cold
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def dialect(self) -> Dialect:
        return DIALECTS[self.name]


MKDOCS = ("-m", "mkdocs", "build", "--quiet")
TOOLS = {
    tool.name: tool
    for tool in (
        Tool("ours", ("-m", "hooks", "site"), ("site", ".cache"), kept="book/_records"),
        Tool("mkdocs", MKDOCS, ("site",), runs=False),
        Tool("markdown-exec", MKDOCS, ("site",), keeps=False, variables={"MPLBACKEND": "Agg"}),
        Tool("mkdocs-jupyter", MKDOCS, ("site", ".cache")),
        Tool(
            "jupyter-book",
            ("-c", "from jupyter_book.cli.main import main; main()", "build", "--quiet", "book"),
            ("book/_build",),
            page="book/_build/html/{folder}/{slug}.html",
        ),
    )
}


class Place:
    """A tool's copy of the corpus, and what has been edited there."""

    def __init__(self, tool: Tool, count: int, work: float, name: str, memory: bool = False) -> None:
        self.tool, self.work, self.memory = tool, work, memory
        self.root = CACHE / "corpus" / name / tool.name
        self.pages = {number: corpus.page(number, work) for number in range(1, count + 1)}
        tool.dialect.write_all(self.root, self.pages.values())
        self.python = peers.python(tool.name)

    def edit(self, number: int, word: str = "", edit: int = 0) -> None:
        """Save a page with another word, or with another number in its last block."""
        old = self.pages[number]
        now = (int(old.answer) - number) // 1000003
        self.pages[number] = corpus.page(number, self.work, word or old.word, edit or now)
        self.tool.dialect.write(self.root, self.pages[number])

    def clean(self, all: bool = True) -> None:
        for made in (*self.tool.made, *((self.tool.kept,) if all and self.tool.kept else ())):
            shutil.rmtree(self.root / made, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        path = str(ROOT) if self.tool.name == "ours" else str(self.root)
        folders = {name: CACHE / "jupyter" / name for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR")}
        for folder in folders.values():  # nothing of the person who runs this
            folder.mkdir(parents=True, exist_ok=True)
        own = {"PYTHONPATH": path, "NO_MKDOCS_2_WARNING": "1", **{name: str(folder) for name, folder in folders.items()}}
        inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
        return {**inherited, **THREADS, **own, **self.tool.variables}

    def build(self) -> measure.Cost:
        """Build as a person would. Ends this program where that fails."""
        cost = measure.cost([str(self.python), *self.tool.command], self.root, self.environment(), self.memory)
        if cost.status:
            raise SystemExit(f"{self.tool.name} failed in {self.root}:\n{cost.said}")
        return cost

    def alone(self, number: int) -> measure.Cost:
        """Run the blocks of one page as a program in a fresh Python."""
        lines = []
        for code in (part for part in self.pages[number].parts if isinstance(part, Code)):
            lines.append(code.source + (f"\nprint({code.last})" if code.last else ""))
            if code.figure:
                lines.append(f'{code.figure}.savefig("{os.devnull}", format="svg", bbox_inches="tight")')
        environment = {**self.environment(), "PYTHONPATH": str(self.root), "MPLBACKEND": "Agg"}
        return measure.cost([str(self.python), "-c", "\n".join(lines)], self.root, environment)

    def html(self, page: Page) -> str:
        path = self.root / self.tool.page.format(folder=page.folder, slug=page.slug)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def wrong(self, numbers: list[int]) -> list[int]:
        """The pages that do not show their word, or the output that their blocks have now."""
        found = []
        for number in numbers:
            page, html = self.pages[number], self.html(self.pages[number])
            if f"is {page.word}." not in html or (self.tool.runs and page.answer not in html):
                found.append(number)
        return found

    def block_seconds(self) -> dict[int, float] | None:
        """What the blocks of every page took when they last ran, where the tool writes that down."""
        if not self.tool.kept:
            return None
        files = {n: self.root / self.tool.kept / page.folder / f"{page.slug}.json" for n, page in self.pages.items()}
        return {number: json.loads(file.read_text())["ran"]["seconds"] for number, file in files.items()}
