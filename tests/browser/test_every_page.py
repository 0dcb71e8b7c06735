"""What holds of every page: it asks nothing of other hosts and no script complains; it is light, stands still, and fits a small phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from pagetypes import addresses, sections
from playwright.sync_api import Browser
from serving import Host
from visiting import Visit, visit

LIMIT = 300_000  # bytes that a first visit to a section may cost, fonts included


@pytest.fixture(scope="module")
def visits(browser: Browser, host: Host, site: Path) -> dict[str, Visit]:
    """Every page, opened for the first time."""
    found = {place: visit(browser, host, place) for place in addresses(site)}
    assert len(found) > 8
    return found


def test_no_other_host_is_asked_and_no_script_complains(visits: dict[str, Visit]) -> None:
    assert {place: seen.complaints for place, seen in visits.items() if seen.complaints} == {}


def test_nothing_moves_while_it_loads(visits: dict[str, Visit]) -> None:
    assert {place: seen.shift for place, seen in visits.items() if seen.shift >= 0.01} == {}


def test_no_page_is_wider_than_a_small_phone(visits: dict[str, Visit]) -> None:
    assert {place: seen.narrow for place, seen in visits.items() if seen.narrow > 0} == {}


def test_sections_are_light(visits: dict[str, Visit], site: Path) -> None:
    weights = {place: visits[place].wire for place in sections(site)}
    assert len(weights) > 3
    assert {place: wire.kinds for place, wire in weights.items() if wire.total > LIMIT} == {}
    assert all(wire.kinds[kind] > 1000 for wire in weights.values() for kind in ("document", "stylesheet", "script", "font"))
