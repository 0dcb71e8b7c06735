"""One build of a book: its sections read, run where they must, rendered. Knows nothing of the site's generator."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from hooks import (
    api,
    highlight,
    keys,
    listing,
    notices,
    once,
    outline,
    refs,
    render,
    repository,
    reuse,
    run,
    runnable,
    sanitize,
    slices,
    tex,
    verdicts,
)
from hooks.api import Api
from hooks.bibliography import Bibliography
from hooks.book import Book, text
from hooks.clipboard import Clipboard
from hooks.contents import Entry, Outline
from hooks.lift import Context
from hooks.notices import Notice
from hooks.offers import Offers
from hooks.pool import Pool
from hooks.problem import BookError, Problem
from hooks.records import Record, Uses
from hooks.run import Outcome, State
from hooks.section import Section

COUNTED = {"stale": "stale", "broken": "broken", "older": "recorded before a later change", "unrecorded": "unrecorded"}


class Build:
    """What a site, a check or a printed book is made from.

    `pages` are the website's own pages by their addresses; `extensions` and `configs` are those of Python-Markdown.
    """

    def __init__(
        self,
        book: Book,
        extensions: Sequence[Any] = (),
        configs: Mapping[str, Mapping[str, Any]] | None = None,
        pages: Mapping[str, Section] | None = None,
    ) -> None:
        self.book = book
        self.pages = pages or {}
        self.extensions, self.configs = extensions or _extensions(book)[0], configs or _extensions(book)[1]
        self.states: dict[str, State] = run.states(book)
        self.outcomes: dict[str, Outcome] = {}
        self.made: dict[str, reuse.Made] = {}
        self.written: list[str] = []
        self.troubles: list[Problem] = []  # of the machine: a record that cannot be written, a process that does not start
        self.awaited: set[str] = set()  # sections that run beside a preview
        self.texts = {name: self._text(name) for name in ("outline.yml", "references.bib")}

    def _text(self, name: str) -> tuple[str, str]:
        path = self.book.source / name
        file = path.relative_to(self.book.root).as_posix()
        return (text(path, file) if path.exists() else ""), file

    @cached_property
    def outline(self) -> Outline:
        source = self.book.source.relative_to(self.book.root).as_posix()
        return outline.read(*self.texts["outline.yml"], self.book.sections.values(), source)

    @cached_property
    def context(self) -> Context:
        labels = refs.collect(self.outline, self.ordered, self.pages)
        source = self.book.library.source
        return Context(self.book.root, labels, self.bibliography, source, self.api, self._runnable, self.offers)

    @cached_property
    def ordered(self) -> list[Section]:
        """In the order of the book: of two equal labels, the later one is wrong."""
        sections = dict(self.book.sections)
        return [sections.pop(file) for file in self.outline.by_file] + list(sections.values())

    @cached_property
    def api(self) -> Api:
        return api.read(self.book, self.outline, [*self.ordered, *self.pages.values()])

    @cached_property
    def offers(self) -> Offers:
        root, settings = self.book.root, self.book.settings
        return Offers(repository.of(root, settings), settings, self.outline, self.book.sections)

    @cached_property
    def _terms(self) -> runnable.Terms:
        return runnable.terms(self.book)

    def _runnable(self, section: Section) -> str:
        """What the page of a section holds for its copy buttons. That of code that has just run is made when all have."""
        made = verdicts.read(self.book, section) if section.cells else None
        return Clipboard(section, made, self._terms).html() if made else ""

    @cached_property
    def bibliography(self) -> Bibliography:
        key = keys.digest(*self.texts["references.bib"])
        found: Bibliography | None = self.book.cache.get("bibliography", key)
        if found is None:
            from hooks import bibtex  # its parser is needed only where something has changed

            found = bibtex.read(*self.texts["references.bib"])
            if not found.problems:
                self.book.cache.put("bibliography", key, found)
        return found

    @cached_property
    def converter(self) -> render.Converter:
        return render.Converter(self.extensions, self.configs)

    # Running

    @property
    def must_run(self) -> list[State]:
        return [state for state in self.states.values() if state.must_run]

    def execute(self, write: bool = True) -> Iterator[Outcome]:
        """Run what is stale or missing; with `write`, put into the records what a build may."""
        todo = self.must_run
        recorded: list[Outcome] = []

        def after(pool: Pool) -> None:
            slices.record(self.book, pool, recorded)
            for done in recorded:  # their pages offer what was found
                self.made.pop(done.section.file, None)

        for done in run.execute(self.book, todo, meanwhile=lambda: self._prepare(todo), after=after):
            self.outcomes[done.section.file] = done
            try:
                what = run.write(self.book, done) if write else ""
                if what:
                    self.written.append(f"{done.section.file}: {what}")
                if write and slices.due(self.book, done, what):
                    recorded.append(done)
            except BookError as error:
                self.troubles += error.problems
            yield done

    def _prepare(self, todo: Iterable[State]) -> None:
        """While the first sections run: what their pages need anyway, whatever they will show."""
        for section in (state.section for state in todo):
            if before := self.book.cache.last(f"pages/{section.file}"):
                tex.know(before.formulas)
            for block in section.blocks:
                if not block.options.run:
                    highlight.python(block.source)
            for _ in tex.check(section):
                pass

    # Showing

    def shown(self, file: str) -> tuple[Record | None, Uses | None]:
        """The record that a page shows: executed now, or replayed under a matching key; nothing else ever is.

        That of a section that failed holds what it showed until then, and nothing says what it used.
        """
        if done := self.outcomes.get(file):
            return done.record, done.uses
        state = self.states[file]
        # Of a stale section, too, if its record is of one run: only under --strict, and then the build fails.
        return (state.record, state.uses) if state.kind in ("fresh", "stale", "older") and state.uses else (None, None)

    def notices(self, file: str, found: Iterable[Problem] = ()) -> list[Notice]:
        """What a page that is not as it should be says of itself; `found` are problems of its rendering."""
        section, state, done = self.book.sections[file], self.states[file], self.outcomes.get(file)
        whole = (*self.outline.problems, *self.context.refs.problems)
        problems = {*section.problems, *(done.problems if done else ()), *(p for p in whole if p.file == file), *found}
        said = notices.errors(section, problems) if problems else []
        if done and done.verdict == "drifted":
            said += notices.drifted(section, done.differences)
        if done and done.verdict == "foreign" and done.notes:
            said.append(Notice("stale", f"Executed here, and not recorded: {sanitize.text('; '.join(done.notes))}."))
        if state.kind in ("unrecorded", "older"):
            said += notices.once(section.front, state.kind, state.why)
        if state.must_run and not done:
            reasons = f"The record of this page is {state.kind}: {sanitize.text(state.why)}."
            if file in self.awaited:
                reasons += " It is being run, and will show itself here."
            said.append(Notice("stale", reasons))
            if self.troubles:
                said += notices.errors(None, self.troubles)
        return said

    def render(self, file: str) -> render.Rendered:
        """The page of one section, TeX still in it."""
        return self._made(file).rendered

    def page(self, file: str) -> str:
        """The page of one section as the site shows it."""
        return self._made(file).html

    def identity(self, file: str) -> str:
        """From what the page of a section is made."""
        section, (record, used) = self.book.sections[file], self.shown(file)
        options = self._options + self.offers.key(self._entry(file))
        key = reuse.identity(section, record, used, self.notices(file), self._entry(file), self.context, options)
        return keys.digest(key, below) if (below := self._below(file)) else key

    def _below(self, file: str) -> str:
        """What stands below the text of a chapter's index page: its sections."""
        chapter = next((chapter for chapter in self.outline.chapters if chapter.index and chapter.index.file == file), None)
        return listing.chapter_html(chapter, self.outline, self.book.sections, chapter.href) if chapter else ""

    @cached_property
    def _options(self) -> str:
        return repr((self.extensions, self.configs))

    @cached_property
    def repeatable(self) -> bool:
        """Whether a page that was made once may be shown again."""
        return reuse.repeatable(self.extensions)

    def _entry(self, file: str) -> Entry:
        return self.outline.by_file.get(file) or _stray(self.book.sections[file])

    def _made(self, file: str) -> reuse.Made:
        """The page of one section: that of an earlier build, if nothing of what it was made from has changed."""
        if file not in self.made:
            name, key = f"pages/{file}", self.identity(file)
            found: reuse.Made | None = self.book.cache.get(name, key) if self.repeatable else None
            if found is None or not found.holds(self.book.root):
                if before := self.book.cache.last(name):
                    tex.know(before.formulas)
                found = self._make(file)
                if not found.rendered.problems:  # they must be found again
                    self.book.cache.put(name, key, found)
            self.made[file] = found
        return self.made[file]

    def _make(self, file: str) -> reuse.Made:
        section, (record, used) = self.book.sections[file], self.shown(file)

        def rendered(found: Iterable[Problem] = ()) -> render.Rendered:
            return render.render(section, record, self.context, self.converter, self._entry(file), self.notices(file, found), used)

        page = rendered()
        if page.problems:  # then the page says so itself
            page = rendered(page.problems)
        page = replace(page, html=page.html + self._below(file))
        files = {name: reuse.fingerprint(self.book.root / name) for name in page.files}
        return reuse.Made(page, tex.to_katex(page.html), tex.formulas(page.html), files)

    def render_all(self) -> None:
        for file in self.book.sections:
            self.render(file)

    # What came of it

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong, each thing once. Complete after all pages are rendered."""
        found = {*self.outline.problems, *self.bibliography.problems, *self.context.refs.problems, *self.troubles}
        for section in self.book.sections.values():
            found.update(section.problems)
        for done in self.outcomes.values():
            found.update(done.problems)
        for made in self.made.values():
            found.update(made.rendered.problems)
        return sorted(found)

    @property
    def date(self) -> datetime.date:
        """The newest date of what is shown: that of the book's content, the same in every build from its records."""
        dates = [record.ran.date for record, used in map(self.shown, self.states) if record and used]
        return datetime.date.fromisoformat(max(dates, default="1970-01-02"))

    def summary(self) -> str:
        """How many sections were replayed, executed, planned, in words."""
        counts = Counter(self._sort(state) for state in self.states.values() if state.kind != "plain")
        planned = sum(not entry.written for entry in self.outline.entries)
        parts = [f"{counts['replayed']} replayed", f"{counts['executed']} executed"]
        parts += [f"{counts[kind]} {word}" for kind, word in COUNTED.items() if counts[kind]]
        return f"sections: {', '.join(parts)}, {planned} planned"

    def waiting(self) -> list[str]:
        """Sections that no build runs, and that are not as recorded, in words."""
        return list(once.waiting((state.kind, state.section) for state in self.states.values()))

    def _sort(self, state: State) -> str:
        done = self.outcomes.get(state.section.file)
        if state.kind == "broken" or (done and done.problems):
            return "broken"
        if done:
            return "executed"
        return {"fresh": "replayed", "missing": "stale"}.get(state.kind, state.kind)


def faulty(problems: Iterable[Problem]) -> Notice:
    """The notice above a page with errors, where none stands beside a block."""
    return notices.errors(None, problems)[0]


def _stray(section: Section) -> Entry:
    """A file that the outline does not list: it has a page all the same, so that its author sees it."""
    return Entry(section.slug, section.title, "", "unlisted", "", section.file)


def _extensions(book: Book) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """Python-Markdown's extensions as mkdocs.yml lists them, for those who build without MkDocs."""
    names, configs = ["toc", "tables", "fenced_code"], {}
    for item in book.config.get("markdown_extensions") or []:
        name, config = next(iter(item.items())) if isinstance(item, dict) else (item, None)
        if name not in names:
            names.append(name)
        if config:
            configs[name] = dict(config)
    return names, configs

