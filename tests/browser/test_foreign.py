"""No page asks anything of another host, and no script complains."""

from pathlib import Path

from playwright.sync_api import Page


def test_every_page_opens_in_silence(page: Page, site: Path) -> None:
    found = sorted(path.relative_to(site).parent.as_posix() for path in site.rglob("index.html"))
    assert len(found) > 8
    for address in found:
        answer = page.goto(f"/{address}/" if address != "." else "/", wait_until="load")
        assert answer is not None
        assert answer.ok, address
