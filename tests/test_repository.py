"""The repository's address, as git's remote says it; what a page offers with it, and without."""

from __future__ import annotations

import re
import subprocess
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from copies import ROOT, Tiny

from hooks import repository
from hooks.repository import Repository, read


@pytest.mark.parametrize(
    ("remote", "forge", "address"),
    [
        ("https://github.com/rain/book", "github", "https://github.com/rain/book"),
        ("https://github.com/rain/book.git/", "github", "https://github.com/rain/book"),
        ("git@github.com:rain/book.git", "github", "https://github.com/rain/book"),
        ("ssh://git@github.com:22/rain/book.git", "github", "https://github.com/rain/book"),
        ("https://name:secret@gitlab.com/rain/wet/book.git", "gitlab", "https://gitlab.com/rain/wet/book"),
        ("git@codeberg.org:rain/book", "forgejo", "https://codeberg.org/rain/book"),
    ],
)
def test_remotes_of_forges(remote: str, forge: str, address: str) -> None:
    found = read(remote)
    assert found
    assert (found.forge, found.address) == (forge, address)
    assert "secret" not in repr(found)


@pytest.mark.parametrize("remote", ["", ".", "/srv/book", "../book.git", "file:///srv/book", "C:\\book", "git@host:book", "https://example.org/rain/book", "https://github.com/rain"])
def test_what_is_not_known_is_not_guessed(remote: str) -> None:
    assert read(remote) is None


def test_a_forge_of_ones_own_is_named() -> None:
    found = read("https://git.example.org:8443/rain/book.git", forge="gitlab")
    assert found == Repository("gitlab", "https://git.example.org:8443/rain/book")
    assert read("ssh://git@git.example.org:2222/rain/book", forge="forgejo") == Repository("forgejo", "https://git.example.org/rain/book")
    assert read("https://git.example.org/rain/book", forge="unheard") is None


@pytest.mark.parametrize(
    ("forge", "edit", "issue", "names"),
    [
        ("github", "/edit/main/", "/issues/new", {"title", "body"}),
        ("gitlab", "/-/edit/main/", "/-/issues/new", {"issue[title]", "issue[description]"}),
        ("forgejo", "/_edit/main/", "/issues/new", {"title", "body"}),
    ],
)
def test_each_forge_has_its_addresses(forge: str, edit: str, issue: str, names: set[str]) -> None:
    there = Repository(forge, "https://forge.org/rain/book", prefix="books/")
    assert there.edit("a b.md") == f"https://forge.org/rain/book{edit}books/a%20b.md"
    address = urlsplit(there.issue("one & two", "x\ny"))
    assert address.path == f"/rain/book{issue}"
    assert set(parse_qs(address.query)) == names
    assert sorted(value[0] for value in parse_qs(address.query).values()) == ["one & two", "x\ny"]
    assert bool(there.colab("pages", "a.ipynb")) == (forge == "github")


def test_how_to_install_names_the_repository_and_no_index() -> None:
    there = Repository("github", "https://github.com/rain/book", prefix="wet/")
    assert repository.install(ROOT, there) == 'pip install "deep-learning-that-runs[run] @ git+https://github.com/rain/book#subdirectory=wet"'
    assert repository.install(ROOT, None) == 'pip install ".[run]"'
    assert repository.install(ROOT / "tests", there) == ""


def git(tiny: Tiny, *words: str) -> None:
    subprocess.run(["git", "-C", str(tiny.root), *words], check=True)


def links(tiny: Tiny) -> dict[str, str]:
    found = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', tiny.page("water/measuring-rain"))
    return {name: unescape(to) for to, name in found}


def test_a_page_offers_what_is_known(tiny: Tiny) -> None:
    """A remote that comes, or changes, makes the pages anew; one on this machine's disk counts for nothing."""
    git(tiny, "init", "-q")
    git(tiny, "remote", "add", "origin", "/srv/book.git")
    assert tiny.run("site", "--strict").status == 0
    alone = links(tiny)
    assert {"Notebook", "Clean notebook", "Python file"} < set(alone)
    assert not {"Open in Colab", "Edit this page", "Report an error", "Discuss this section"} & set(alone)
    assert "Builds on" not in tiny.text("water/measuring-rain")
    assert "Leads toA morning's work, The moon and the rain" in tiny.text("water/measuring-rain")
    before = tiny.site()
    git(tiny, "remote", "set-url", "origin", "https://me:token@codeberg.org/rain/book.git")
    git(tiny, "checkout", "-q", "-b", "mine")
    assert tiny.run("site", "--strict").status == 0
    now = links(tiny)
    assert now["Edit this page"] == "https://codeberg.org/rain/book/_edit/main/book/water/measuring-rain.md"
    assert now["Report an error"].startswith("https://codeberg.org/rain/book/issues/new?title=Error+in+1.1+Measuring+rain")
    assert "Open in Colab" not in now
    assert not any(b"token" in data for name, data in tiny.site().items() if name.endswith((".html", ".ipynb", ".py")))
    git(tiny, "remote", "remove", "origin")
    assert tiny.run("site", "--strict").status == 0
    assert tiny.site() == before
