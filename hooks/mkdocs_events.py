"""MkDocs' events, each one call into a stage: the only file that knows MkDocs.

The site is built in a folder of its own and takes the place of `site/` when it is whole.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

# MkDocs puts this file's folder on the path, and only while it loads. What we import is the package around it.
_ROOT = str(Path(__file__).resolve().parents[1])
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

from jinja2 import ChoiceLoader, DictLoader, Environment  # noqa: E402
from mkdocs.config.defaults import MkDocsConfig  # noqa: E402
from mkdocs.exceptions import BuildError  # noqa: E402
from mkdocs.livereload import LiveReloadServer  # noqa: E402
from mkdocs.structure.files import File, Files, InclusionLevel  # noqa: E402
from mkdocs.structure.nav import Navigation  # noqa: E402
from mkdocs.structure.pages import Page  # noqa: E402
from mkdocs.structure.toc import AnchorLink, TableOfContents  # noqa: E402
from mkdocs.utils import CountHandler  # noqa: E402

from hooks import (  # noqa: E402
    api_pages,
    assets,
    contents_page,
    disk,
    downloads,
    excerpt,
    finished,
    indexing,
    made_pages,
    own,
    records,
    render,
    search,
    stamp,
    styles,
    tex,
    titles,
)
from hooks.book import Book  # noqa: E402
from hooks.build import Build  # noqa: E402
from hooks.finished import Shelf  # noqa: E402
from hooks.made_pages import MadePage  # noqa: E402
from hooks.own import Own  # noqa: E402
from hooks.preview import Preview  # noqa: E402
from hooks.problem import BookError  # noqa: E402
from hooks.render import Toc  # noqa: E402
from hooks.searching import Searching  # noqa: E402

log = logging.getLogger("mkdocs.plugins.book")


BLANK = "finished.html"  # the template of pages that are finished already
KNOWN: set[str] = set()  # plugins that leave the book's pages alone
THEIRS = {"search", "material/search"}  # another search than ours


class _State:
    """What lives from one event to the next."""

    preview: Preview | None = None  # nothing while a site is built
    searching: Searching | None = None  # a preview's
    made: disk.Making | None = None  # the folder in which a site is made; nothing while serving
    build: Build
    by_uri: dict[str, str] = {}  # a page's source in MkDocs' words -> its file in the book
    pages: dict[str, MadePage] = {}  # what is made from the whole book, by its source
    own = Own()
    server: LiveReloadServer | None = None
    shelf: Shelf | None = None  # nothing where pages cannot be used again
    seen: stamp.Seen | None = None  # the project's files before the build
    warnings = CountHandler()


class _Ours(Page):
    """A page of the book: there is nothing to read and nothing to convert."""

    def read_source(self, config: MkDocsConfig) -> None:
        self.markdown = ""

    def render(self, config: MkDocsConfig, files: Files) -> None:
        self.content = ""


def on_startup(command: str, dirty: bool) -> None:
    _State.preview = Preview() if command == "serve" else None
    _State.searching = Searching() if command == "serve" else None
    for number in (signal.SIGTERM, signal.SIGHUP) if _State.preview else ():
        if signal.getsignal(number) is signal.SIG_DFL:  # ended in whatever way, a preview clears away as at Ctrl-C
            signal.signal(number, signal.default_int_handler)
    _State.server = _State.made = None
    _State.warnings = CountHandler()
    _State.warnings.setLevel(logging.WARNING)
    logging.getLogger("mkdocs").addHandler(_State.warnings)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    if not _State.preview:
        disk.sweep_folders(Path(config.site_dir))
        _State.made = disk.Making(Path(config.site_dir))
        config.site_dir = str(_State.made.folder)
    root = _project(config)
    _State.seen = None
    if not _State.preview:
        with contextlib.suppress(stamp.Linked, OSError):
            _State.seen = stamp.seen(root)
    try:
        book = Book.of(root, dict(config), Path(config.config_file_path).name)
        if _State.preview:
            _State.preview.begin(book)
        _State.build = Build(book, config.markdown_extensions, config.mdx_configs, own.read(Path(config.docs_dir), root))
        config.markdown_extensions = [*config.markdown_extensions, render.Escapes()]  # type: ignore[list-item]  # an instance does as well as a name
        if _State.preview and not _State.build.outline.entries:
            raise BookError(list(_State.build.outline.problems))  # while it is being edited, the old pages do
        if config.nav is not None:
            config.nav[2:2] = contents_page.navigation(_State.build.outline) + api_pages.navigation(_State.build)
    except BookError as error:
        raise _refusal(error, config) from None
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    build = _State.build
    try:
        if _State.preview:
            for done in _State.preview.follow(build):
                log.info("%s: executed, %s", done.section.file, done.verdict)
        elif not config.strict:
            records.sweep(build.book.source / "_records")
            for done in build.execute():
                log.info("%s: executed, %s", done.section.file, done.verdict)
                build.render(done.section.file)  # while others still run
        # MkDocs stamps its site map: with the date of the content, two builds are the same to the byte.
        midnight = datetime.datetime.combine(build.date, datetime.time(), datetime.UTC)
        os.environ.setdefault("SOURCE_DATE_EPOCH", str(int(midnight.timestamp())))
        _State.by_uri = {}
        for file, read in build.book.sections.items():
            entry = build.outline.by_file.get(file)
            uri = (entry.href if entry else f"unlisted/{read.slug}/").rstrip("/") + ("/index.md" if entry and entry.kind == "chapter" else ".md")
            _State.by_uri[uri] = file
            files.append(File.generated(config, uri, content=read.text))
        _State.pages = made_pages.of(build)
        for uri, made in _State.pages.items():
            place = InclusionLevel.UNDEFINED if made_pages.listed(made) else InclusionLevel.NOT_IN_NAV
            files.append(File.generated(config, uri, content=made_pages.markdown(made), inclusion=place))
        found = assets.found(build.book.root)
        texts = assets.modules(build.book.root, found)
        for uri, path in found.items():
            files.append(File.generated(config, uri, content=texts[uri]) if uri in texts else File.generated(config, uri, abs_src_path=str(path)))
        _join_styles(files, config)
    except BookError as error:
        raise _refusal(error, config) from None
    return files


def _join_styles(files: Files, config: MkDocsConfig) -> None:
    """All style sheets of the site's own become one file; what its pages never ask for is not there."""
    unsent = styles.listed(config.extra.get("unsent", ()), [file.src_uri for file in files])
    for name in unsent:
        files.remove(files.src_uris[name])
    elsewhere = [path for path in map(str, config.extra_css) if "://" in path]
    sheets = {file.src_uri: file for file in files if file.src_uri.endswith(".css")}
    names = styles.listed(map(str, config.extra_css), sheets)
    if names:
        text = styles.joined({name: sheets[name].content_string for name in names})
        for name in names:
            files.remove(sheets[name])
        files.append(File.generated(config, styles.AT, content=text))
        config.extra_css = [*elsewhere, styles.AT]


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """Now it is known what stands around a page: find those that are finished."""
    _State.shelf = None
    if _known(config):
        templates = config.theme.custom_dir
        pages = _State.build.pages.values()
        around = finished.around(dict(config), finished.structure(nav.items), pages, Path(templates) if templates else None)
        made = {uri: made_pages.content(page, _State.build, _url(files, uri)) for uri, page in _State.pages.items()}
        _State.shelf = Shelf(_State.build, _State.by_uri, around, made)
    return nav


def _known(config: MkDocsConfig) -> bool:
    """Whether nobody has a hand in the pages but those of whom we know what they do."""
    return set(config.plugins) - set(config.hooks) <= KNOWN and len(config.hooks) == 1 and _State.build.repeatable


def on_pre_page(page: Page, config: MkDocsConfig, files: Files) -> Page:
    if page.file.src_uri in _State.by_uri:
        page.__class__ = _Ours
    return page


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    uri = page.file.src_uri
    if uri in _State.by_uri:
        read = _State.build.book.sections[_State.by_uri[uri]]
        page.meta = {"title": titles.plain(titles.bare(read.title))}
        return ""  # the page is rendered by us, below
    if uri in _State.pages:
        page.meta = made_pages.meta(_State.pages[uri])
        return markdown
    return _State.own.before(uri, markdown, _file(page, config), page.url, _State.build.context)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    uri = page.file.src_uri
    if _State.shelf and (found := _State.shelf.found.get(uri)):
        page.meta["template"] = BLANK
        page.present_anchor_ids = set(found.ids)
        return ""
    if uri in _State.by_uri:
        made = _State.build.render(_State.by_uri[uri])
        page.toc = TableOfContents([_link(item) for item in made.toc])
        page.present_anchor_ids = {str(name) for name in _ids(made.html)}
        return _State.build.page(_State.by_uri[uri])
    if uri in _State.pages:
        whole = _State.pages[uri]
        page.toc = TableOfContents([_link(item) for item in whole.toc(_State.build)])
        html += tex.to_katex(whole.html(_State.build, page.url))
        page.present_anchor_ids = set(_ids(html))
        return html
    html, problems = excerpt.fill(_State.own.after(uri, html), _State.build, page.url)
    _State.own.lifted[uri].problems += problems
    return html


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> Environment:
    assert env.loader is not None
    env.loader = ChoiceLoader([env.loader, DictLoader({BLANK: ""})])
    return env


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    uri = page.file.src_uri
    if _State.shelf and uri in _State.shelf:
        if uri in _State.shelf.found:
            return _State.shelf.found[uri].html
        _State.shelf.keep(uri, output, page.present_anchor_ids or ())
    return output


def on_post_build(config: MkDocsConfig) -> None:
    build = _State.build
    for made in [*(page.rendered.assets for page in build.made.values()), *_State.own.assets, downloads.files(build, config.site_url or "")]:
        for name, data in made.items():
            path = Path(config.site_dir, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    _index(Path(config.site_dir), config)
    problems = [*build.problems, *_State.own.problems]
    if config.strict:
        problems += [
            state.section.problem(1, f"the record is {state.kind}: {state.why}.", f"Run `python -m hooks update {state.section.slug}`.")
            for state in build.must_run
        ]
    for problem in sorted(set(problems)):
        log.error("%s", problem)
    for line in build.written:
        log.info("record written: %s", line)
    for done in build.outcomes.values():
        if done.verdict == "drifted":
            log.warning("%s: its outputs differ from its record; `python -m hooks update %s` shows how", done.section.file, done.section.slug)
        for note in done.notes:
            log.warning("%s: nothing recorded: %s", done.section.file, note)
    said = [build.summary(), *build.waiting()]
    for line in said:
        log.info("%s", line)
    _State.own = Own()
    if _State.made:
        _State.made.finish()
        config.site_dir = str(_State.made.target)
        if _State.seen is not None and _State.shelf and _inside(config) and not problems and not any(number for _, number in _State.warnings.get_counts()):
            written = [build.book.record_file(build.book.sections[line.partition(": ")[0]]) for line in build.written]
            names = [path.with_suffix("").relative_to(build.book.root).as_posix() for path in written]
            stamp.leave(Path(config.config_file_path), _State.made.target, _State.seen, names, config.strict, "\n".join(said))
    if problems and not _State.preview:
        count = len(set(problems))
        raise BuildError(f"the book has {count} error{'' if count == 1 else 's'}, listed above; the other pages are built.")


def _index(site: Path, config: MkDocsConfig) -> None:
    """What the search needs, of the pages as they stand in the site. A book may keep the theme's search instead."""
    cache = _State.build.book.cache
    if THEIRS & set(config.plugins):
        return
    if _State.searching:
        _State.searching.follow(site, cache)
    else:
        indexing.write(indexing.files(search.of_site(site, cache), cache), site / indexing.FOLDER)


def on_build_error(error: Exception) -> None:
    """Whatever it was, half a site is not left lying about."""
    _State.own = Own()
    if _State.made:
        _State.made.drop()
    if server := _State.server:
        # MkDocs would let every browser wait until the error is mended: show what is there instead.
        with server._epoch_cond:
            server._visible_epoch = server._wanted_epoch
            server._epoch_cond.notify_all()


def on_serve(server: LiveReloadServer, config: MkDocsConfig, builder: Any) -> LiveReloadServer:
    assert _State.preview is not None
    _State.server = server
    _State.preview.attach(lambda: _rebuild(server))
    eyes = _State.preview.eyes  # what two watch is built twice
    if eyes.sees(Path(config.docs_dir)):
        server.unwatch(config.docs_dir)
    if config.theme.custom_dir and not eyes.sees(Path(config.theme.custom_dir)):
        server.watch(config.theme.custom_dir)
    return server


def _rebuild(server: LiveReloadServer) -> None:
    """What MkDocs does when a file that it watches has changed."""
    with server._rebuild_cond:
        server._want_rebuild = True
        server._rebuild_cond.notify_all()


def on_shutdown() -> None:
    if _State.preview:
        _State.preview.close()
    if _State.searching:
        _State.searching.close()


def _refusal(error: BookError, config: MkDocsConfig) -> BuildError:
    """The book cannot be read at all: say why, and leave the old site alone."""
    if _State.made:
        config.site_dir = str(_State.made.target)
    return BuildError(str(error))


def _inside(config: MkDocsConfig) -> bool:
    """Whether all that the site is made from lies in the project, where `stamp` sees it."""
    places = [config.docs_dir, config.theme.custom_dir or config.docs_dir]
    return all(Path(os.path.abspath(place)).is_relative_to(_project(config)) for place in places)


def _project(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).resolve().parent


def _file(page: Page, config: MkDocsConfig) -> str:
    return Path(page.file.abs_src_path or page.file.src_uri).relative_to(_project(config)).as_posix()


def _url(files: Files, uri: str) -> str:
    file = files.get_file_from_path(uri)
    return file.url if file else ""


def _link(item: Toc) -> AnchorLink:
    link = AnchorLink(tex.to_katex(item.html), item.id, item.level)
    link.children = [_link(child) for child in item.children]
    return link


def _ids(html: str) -> list[str]:
    return titles.RAW_ID.findall(html)
