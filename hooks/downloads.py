"""Files that a reader takes away: of each section a notebook, its clean twin and a Python file; all notebooks in one zip.

They are kept as pages are, under a hash of all that they are made from.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from hooks import frame, imports, keys, notebook, once, repository, sanitize, wording
from hooks.book import Book
from hooks.build import Build
from hooks.contents import Entry
from hooks.notebook import Around
from hooks.offers import ZIP, names
from hooks.wording import Telling

DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can tell: two builds are the same to the byte


def files(build: Build, site: str) -> dict[str, bytes]:
    """Every such file by its address, relative to the site's root; `site` is the site's own address, if it has one."""
    book = build.book
    world = _World(build, site.rstrip("/") + "/" if site else "")
    found: dict[str, bytes] = {}
    for entry in build.outline.entries:
        if entry.kind == "section" and entry.file and not book.sections[entry.file].problems:
            key = keys.digest(build.identity(entry.file), world.key)
            made: dict[str, bytes] | None = book.cache.get(f"downloads/{entry.file}", key) if build.repeatable else None
            if made is None:
                made = world.section(entry)
                book.cache.put(f"downloads/{entry.file}", key, made)
            found.update(made)
    if found:
        found[ZIP] = _kept_zip(book, {name: data for name, data in found.items() if name.endswith(".ipynb")})
    return found


class _World:
    """What all notebooks of one build take from outside of their sections."""

    def __init__(self, build: Build, site: str) -> None:
        self.build, self.site = build, site
        settings = build.book.settings
        self.name = str(build.book.config.get("site_name") or "the book")
        self.license = str(settings.get("license") or "")
        self.install = repository.install(build.book.root, build.offers.repository)
        self.first = first_cells(build.book)
        self.key = repr((site, self.name, self.license, self.install, self.first))

    def section(self, entry: Entry) -> dict[str, bytes]:
        assert entry.file
        build = self.build
        section, (record, used) = build.book.sections[entry.file], build.shown(entry.file)
        told = Telling(section, record, build.context, entry, self.site)
        end = [wording.references(section, build.context)]
        if record and used:
            end.append(sanitize.words(frame.provenance(record, used.packages, section.front.gpus)))
        from_ = f"[{wording.escaped(self.name)}]({self.site})" if self.site else f"*{wording.escaped(self.name)}*"
        end.append(f"From {from_}. {self.license}".strip())
        wanted = used.packages if used else imports.packages(build.book, [section])
        around = Around(tuple(self.notes(entry)), self.setup(wanted), "\n\n".join(filter(None, end)))
        ipynb, clean, py = (entry.href + name for name in names(entry))
        return {ipynb: notebook.notebook(told, around), clean: notebook.notebook(told, around, clean=True), py: notebook.program(told, around)}

    def notes(self, entry: Entry) -> Iterator[str]:
        """What a notebook says of itself that is not as others are."""
        assert entry.file
        section, (record, _) = self.build.book.sections[entry.file], self.build.shown(entry.file)
        if section.front.once:
            what = f"needs {once.counted(section.front.gpus)}" if section.front.gpus else "takes minutes"
            on = "" if record is None else f": on {record.ran.device}" if section.front.gpus else f": in {frame.duration(record.ran.seconds)}"
            yield f"**This section {what}.** " + (f"Its outputs were recorded once{on}." if record else "Nobody has recorded it yet: it has no outputs.")
        elif section.cells and record is None:
            yield "**No outputs are recorded** for this state of the section."

    def setup(self, packages: Iterable[str]) -> str:
        """The first cell of code: how to install, and the state in which the book begins."""
        needed = set(packages)
        lines = []
        if self.install.startswith('pip install ".'):
            lines = ["# What this needs: in a clone of the book's repository,", f"# {self.install}"]
        elif self.install:
            lines = ["# What this needs; take the mark away to install it:", f"# %{self.install}"]
        parts = ["\n".join(lines), *(text.strip("\n") for name, text in self.first.items() if not name or name in needed)]
        return "\n\n".join(filter(None, parts)) or "# Nothing needs to be set up."


def first_cells(book: Book) -> dict[str, str]:
    """What `notebook` of the book's page of code says: lines for the first cell, by the package that a section uses; under
    an empty name, for every section."""
    found = book.constant("notebook")
    return dict(found) if isinstance(found, Mapping) else {}


def readme(name: str, inside: Iterable[str]) -> str:
    """What lies beside the notebooks in the zip.

    >>> readme("Rain", ["a/b/c.ipynb"]).splitlines()[0]
    'Rain: its sections as notebooks.'
    """
    count = sum(not file.endswith("-clean.ipynb") for file in inside)
    return (
        f"{name}: its sections as notebooks.\n\n"
        f"{count} section{'' if count == 1 else 's'}, each twice: executed, and `-clean`, to write the code again from memory.\n"
        "The first cell of each says what to install. The licenses of text and code stand in the files beside this one.\n"
    )


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip that is the same for the same files.

    >>> packed({"b": b"1", "a": b"2"}) == packed({"a": b"2", "b": b"1"})
    True
    """
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(info, files[name])
    return data.getvalue()


def _kept_zip(book: Book, notebooks: Mapping[str, bytes]) -> bytes:
    folder = ZIP.removesuffix(".zip")
    inside = {f"{folder}/{_flat(name)}": data for name, data in notebooks.items()}
    inside[f"{folder}/README.txt"] = readme(str(book.config.get("site_name") or "The book"), notebooks).encode()
    inside |= {f"{folder}/{path.name}": path.read_bytes() for path in licenses(book.root)}
    key = keys.digest(*(f"{name} {sha256(data).hexdigest()}" for name, data in sorted(inside.items())))
    found: bytes | None = book.cache.get("downloads.zip", key)
    if found is None:
        found = packed(inside)
        book.cache.put("downloads.zip", key, found)
    return found


def licenses(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("LICENSE*") if path.is_file())


def _flat(name: str) -> str:
    """`linear-networks/softmax/softmax.ipynb` -> `linear-networks/softmax.ipynb`: in a zip there is no page beside it."""
    chapter, _, file = name.split("/", 2)
    return f"{chapter}/{file}"
