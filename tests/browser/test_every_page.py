"""What holds of every page: it asks nothing of other hosts and no script complains; it is light, stands still, and fits a small phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from pagetypes import addresses, sections, types
from playwright.sync_api import Browser
from serving import Host
from visiting import Visit, visit

SOME = ("/", "/404.html", "/contents/", "/map/", "/glossary/", "/bibliography/", "/how-to-read/", "/preliminaries/")
LIMIT = 300_000  # bytes that a first visit to a section may cost, fonts included


@pytest.fixture(scope="module", params=["kinds", pytest.param("all", marks=pytest.mark.slow)])
def visits(browser: Browser, host: Host, site: Path, request: pytest.FixtureRequest) -> dict[str, Visit]:
    """Every section and every kind of page, or every page, opened for the first time: once for all that is asked of it."""
    places = addresses(site) if request.param == "all" else dict.fromkeys([*sections(site), *(place for place in types(site) if place.count("/") > 2), *SOME])
    found = {place: visit(browser, host, place) for place in places}
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
