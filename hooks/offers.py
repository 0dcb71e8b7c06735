"""What the page of a section offers besides itself: files to take away, above the text; where it leads, and how to mend
it, below. What needs the repository's address is not there where that is unknown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from hooks import sanitize, titles
from hooks.contents import Entry, Outline
from hooks.records import Record
from hooks.refs import Refs
from hooks.repository import Repository
from hooks.section import Section

ZIP = "notebooks.zip"  # all notebooks, at the site's root
BLOCK = "not said"  # what a report says of the block until the reader, or the page's script, says which


def names(entry: Entry) -> tuple[str, str, str]:
    """The files beside a section's page: the notebook, its clean twin, the Python file."""
    return f"{entry.slug}.ipynb", f"{entry.slug}-clean.ipynb", f"{entry.slug}.py"


@dataclass(frozen=True)
class Offers:
    """`settings` are `extra.book`: `colab` names the branch on which the built site is published, `discussion` is the
    address where readers talk, in which `{slug}` and `{title}` are the section's."""

    repository: Repository | None
    settings: Mapping[str, Any]
    outline: Outline
    sections: Mapping[str, Section]

    @cached_property
    def following(self) -> Mapping[str, tuple[Entry, ...]]:
        """For each section, those that need it, in the order of the book."""
        found: dict[str, tuple[Entry, ...]] = {}
        for entry in self.outline.entries:
            for slug in self.sections[entry.file].front.needs if entry.file else ():
                found[slug] = (*found.get(slug, ()), entry)
        return found

    def key(self, entry: Entry) -> str:
        """All that a section's offers are made from, but the section and its `needs`."""
        settings = [str(self.settings.get(name) or "") for name in ("colab", "discussion")]
        return repr((self.repository, settings, self.following.get(entry.slug)))

    def top(self, section: Section, entry: Entry) -> str:
        """The row above the text."""
        links = "".join(f"<li>{link}</li>" for link in self._links(section, entry))
        return f'<nav class="offers" aria-label="This section as a file" data-pagefind-ignore><ul>{links}</ul></nav>'

    def _links(self, section: Section, entry: Entry) -> Iterator[str]:
        executed, clean, program = names(entry)
        yield _file(executed, "Notebook", "with its outputs")
        yield _file(clean, "Clean notebook", "to write the code again from memory")
        yield _file(program, "Python file", "one script, top to bottom")
        if not self.repository:
            return
        branch = str(self.settings.get("colab") or "")
        if branch and (to := self.repository.colab(branch, entry.href + executed)):
            yield f'<a href="{sanitize.attribute(to)}" rel="noopener">Open in Colab</a>'
        yield f'<a href="{sanitize.attribute(self.repository.edit(section.file))}" rel="noopener">Edit this page</a>'

    def bottom(self, section: Section, record: Record | None, refs: Refs, entry: Entry) -> str:
        """What the section builds on and what builds on it, and where to say that something is wrong."""
        rows = [
            ("Builds on", [refs.needed(slug, entry.href) for slug in section.front.needs]),
            ("Leads to", [refs.needed(later.slug, entry.href) for later in self.following.get(entry.slug, ())]),
        ]
        listed = "".join(f"<div><dt>{name}</dt><dd>{', '.join(inside)}</dd></div>" for name, inside in rows if inside)
        around = f"<dl>{listed}</dl>" if listed else ""
        links = " ".join(self._talk(section, record, entry))
        said = f"<p>{links}</p>" if links else ""
        return f'<aside class="onward" aria-label="Around this section" data-pagefind-ignore>{around}{said}</aside>' if around or said else ""

    def _talk(self, section: Section, record: Record | None, entry: Entry) -> Iterator[str]:
        title = titles.plain(titles.bare(section.title))
        if self.repository:
            name = f"{entry.number} {title}".strip()
            told = [f"Section: {name} ({section.file})", f"Block: {BLOCK}", f"Version: {version(section, record)}", "", "What is wrong?", ""]
            to = self.repository.issue(f"Error in {name}", "\n".join(told))
            yield f'<a class="report" href="{sanitize.attribute(to)}" rel="noopener">Report an error</a>'
        if discussion := str(self.settings.get("discussion") or ""):
            to = discussion.replace("{slug}", quote(entry.slug)).replace("{title}", quote(title))
            yield f'<a href="{sanitize.attribute(to)}" rel="noopener">Discuss this section</a>'


def version(section: Section, record: Record | None) -> str:
    """Which state of a section a reader sees: git's own name for its text (`git log --find-object=NAME` finds it), so that
    no change elsewhere makes the page another one; and when it was executed."""
    data = section.whole.encode()
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()[:12]
    return f"text {blob}" + (f", executed on {record.ran.date}" if record else "")


def _file(name: str, shown: str, title: str) -> str:
    return f'<a href="{sanitize.attribute(name)}" download title="{title}">{shown}</a>'
