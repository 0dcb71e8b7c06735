"""Two cold builds from the same records give the same bytes."""

from pathlib import Path

import pytest
from copies import Tiny, copy


def test_two_builds(tmp_path: Path) -> None:
    sites = []
    for name in ("one", "another-name"):
        tiny = copy(tmp_path / name / "book")
        done = tiny.run("site", "--strict")
        assert done.status == 0, done.said
        sites.append(tiny.site())
    assert sites[0] == sites[1]
    assert len(sites[0]) > 20


def test_the_date_of_the_build_is_not_in_it(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert tiny.run("site", "--strict").status == 0
    newest = max(line for data in tiny.records().values() if b'"date"' in data for line in data.decode().splitlines() if '"date"' in line)
    site_map = tiny.site()["sitemap.xml"].decode()
    if "<lastmod>" in site_map:
        assert newest.split('"')[3] in site_map


def test_a_site_is_replaced_whole(tiny: Tiny) -> None:
    assert tiny.run("site").status == 0
    (tiny.root / "site" / "left-over.html").write_text("old")
    assert tiny.run("site").status == 0
    assert "left-over.html" not in tiny.site()
    assert not [path for path in tiny.root.iterdir() if path.name.startswith(".site-")]


def test_a_book_that_cannot_be_read_leaves_the_old_site(tiny: Tiny) -> None:
    assert tiny.run("site").status == 0
    before = tiny.site()
    (tiny.root / "puddle" / "moon.py").write_text("def age(:\n")
    done = tiny.run("site")
    assert done.status == 1
    assert "puddle/moon.py:1: the module is not Python" in done.said
    assert "Traceback" not in done.said
    assert tiny.site() == before
    assert not [path for path in tiny.root.iterdir() if path.name.startswith(".site-")]
